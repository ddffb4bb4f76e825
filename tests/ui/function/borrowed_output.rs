use backstop::{Error, request};

#[request(get = "/users/7")]
async fn name<'a>(_name: &'a str) -> Result<&'a str, Error>;

fn main() {}
