use backstop::{Ending, Error, request};

#[request(get = "/count", finally = |ending| ended(ending))]
async fn count() -> Result<u64, Error>;

async fn ended(_: Ending) {}

fn main() {}
