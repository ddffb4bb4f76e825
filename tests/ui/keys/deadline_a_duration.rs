use backstop::{Error, request};

#[request(get = "/users", deadline = left)]
async fn users(left: std::time::Duration) -> Result<(), Error>;

fn main() {}
