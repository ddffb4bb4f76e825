use backstop::{Error, requests};

#[requests(get = "/names")]
pub async fn names() -> Result<String, Error> {
    Ok(String::new())
}

fn main() {}
