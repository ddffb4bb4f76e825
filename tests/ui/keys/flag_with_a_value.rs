use backstop::{Error, request};

#[request(get = "/users", any_content_type = true)]
async fn users() -> Result<(), Error>;

fn main() {}
