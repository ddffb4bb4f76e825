use backstop::{Error, request};

#[request(get = "https://{tenant}./users")]
async fn users(tenant: &str) -> Result<(), Error>;

fn main() {}
