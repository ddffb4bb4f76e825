use backstop::{Error, request};

#[request(post = "https://example.com/{id}", json(optionl) = id)]
pub async fn send(id: u64) -> Result<String, Error>;

fn main() {}
