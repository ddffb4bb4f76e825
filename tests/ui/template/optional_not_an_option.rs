use backstop::{Error, request};

#[request(get = "/contents{/path}")]
async fn contents(path: &str) -> Result<(), Error>;

fn main() {}
