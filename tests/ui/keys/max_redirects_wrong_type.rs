use backstop::{Error, request};

#[request(get = "/users", max_redirects = "3")]
async fn users() -> Result<(), Error>;

fn main() {}
