use backstop::{Ending, Error, request};

#[request(get = "/count", finally = ended)]
async fn count() -> Result<u64, Error>;

fn ended(_: Ending) -> bool {
    true
}

fn main() {}
