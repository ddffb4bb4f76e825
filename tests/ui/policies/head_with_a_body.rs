use backstop::{Error, request};

#[request(head = "/users/{id}", text = "a")]
async fn user(id: u64) -> Result<(), Error>;

fn main() {}
