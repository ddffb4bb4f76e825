use backstop::{Error, requests};

#[requests(session = self.session())]
pub trait Api {
    #[request(get = "/users/{id}")]
    async fn user(&self, id: u64) -> Result<String, Error>;

    #[request(get = "/names/{id}")]
    async fn name(&self, id: u64) -> Result<String, Error>;
}

fn main() {}
