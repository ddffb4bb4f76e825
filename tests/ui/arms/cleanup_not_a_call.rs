use backstop::{Error, request};

#[request(get = "/count", cleanup = if true { release() })]
async fn count() -> Result<u64, Error>;

fn release() {}

fn main() {}
