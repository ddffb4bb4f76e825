use backstop::{Error, request};

#[request(get = "/count", finally = ended)]
async fn count() -> Result<u64, Error>;

fn ended() {}

fn main() {}
