use backstop::{Error, request};

#[request(get = "/count", cleanup = release()?)]
async fn count() -> Result<u64, Error>;

fn release() -> Result<(), Error> {
    Ok(())
}

fn main() {}
