use backstop::{Error, request};

#[request(get = "/users", any_content_type(json), timeout = 2s)]
async fn users() -> Result<(), Error>;

fn main() {}
