use backstop::{Error, requests};

struct Api;

#[requests(any_content_type = true)]
impl Api {
    #[request(get = "/users")]
    async fn users(&self) -> Result<(), Error>;
}

fn main() {}
