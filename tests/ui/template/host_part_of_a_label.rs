use backstop::{Error, request};

#[request(get = "https://api-{region}.example.com/users")]
async fn users(region: &str) -> Result<(), Error>;

fn main() {}
