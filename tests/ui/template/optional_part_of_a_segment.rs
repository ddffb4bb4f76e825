use backstop::{Error, request};

#[request(get = "/contents{/path}.json")]
async fn contents(path: Option<&str>) -> Result<(), Error>;

fn main() {}
