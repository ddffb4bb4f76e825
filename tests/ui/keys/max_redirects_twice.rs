use backstop::{Error, request};

#[request(get = "/users", max_redirects = 1, max_redirects = 2)]
async fn users() -> Result<(), Error>;

fn main() {}
