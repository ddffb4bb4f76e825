use backstop::{Error, request};

#[request(get = "/count", cleanup = release)]
async fn count() -> Result<u64, Error>;

async fn release() {}

fn main() {}
