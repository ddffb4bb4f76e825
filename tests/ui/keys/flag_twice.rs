use backstop::{Error, request};

#[request(get = "/users", any_content_type, any_content_type)]
async fn users() -> Result<(), Error>;

fn main() {}
