use backstop::{Error, request};

#[request(get = "/")]
async fn all<T: Clone + Send>() -> Result<Vec<T>, Error>;

fn main() {}
