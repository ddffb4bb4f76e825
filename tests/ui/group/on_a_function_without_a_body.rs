use backstop::{Error, requests};

#[requests(timeout = 3s)]
pub async fn names() -> Result<String, Error>;

fn main() {}
