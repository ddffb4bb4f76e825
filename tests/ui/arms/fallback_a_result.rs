use backstop::{Error, request};

#[request(get = "/count", fallback = Ok(0))]
async fn count() -> Result<u64, Error>;

fn main() {}
