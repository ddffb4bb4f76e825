use backstop::{Error, requests};

#[requests(base = "https://example.com")]
pub trait Api {
    #[request(get = "/users/{id}")]
    async fn user<T: std::fmt::Display>(&self, id: T) -> Result<String, Error>;
}

fn main() {}
