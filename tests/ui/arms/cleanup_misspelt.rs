use backstop::{Error, request};

#[request(get = "/count", cleanup = relase)]
async fn count() -> Result<u64, Error>;

fn release() {}

fn main() {}
