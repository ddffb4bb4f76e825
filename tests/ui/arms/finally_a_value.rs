use backstop::{Error, request};

#[request(get = "/count", finally = 1)]
async fn count() -> Result<u64, Error>;

fn main() {}
