use backstop::{Error, request};

#[request(get = "https://{host}/users")]
async fn users(host: &str) -> Result<(), Error>;

fn main() {}
