use backstop::{Error, request};

#[request(get = "/")]
async fn any<T>() -> Result<T, Error>;

fn main() {}
