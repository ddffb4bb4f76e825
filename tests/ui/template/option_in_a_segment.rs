use backstop::{Error, request};

#[request(get = "/users/{id}")]
async fn user(id: Option<u64>) -> Result<(), Error>;

fn main() {}
