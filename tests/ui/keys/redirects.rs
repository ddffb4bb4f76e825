use backstop::{Error, request};

#[request(get = "/users", follow_redirects = false)]
async fn users() -> Result<(), Error>;

fn main() {}
