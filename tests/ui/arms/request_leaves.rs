use backstop::{Error, request};

#[request(get = "/count", query = page()?, cleanup = release)]
async fn count() -> Result<u64, Error>;

fn page() -> Result<u64, Error> {
    Ok(1)
}

fn release() {}

fn main() {}
