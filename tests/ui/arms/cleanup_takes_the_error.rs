use backstop::{Error, request};

#[request(get = "/count", cleanup = release)]
async fn count() -> Result<u64, Error>;

fn release(error: &Error) {
    println!("{error}");
}

fn main() {}
