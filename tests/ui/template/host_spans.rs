use backstop::{Error, request};

#[request(get = "https://{*tenant}.example.com/users")]
async fn users(tenant: &str) -> Result<(), Error>;

fn main() {}
