use backstop::{Error, request};

#[request(get = "/contents{/}")]
async fn contents() -> Result<(), Error>;

fn main() {}
