use backstop::{Error, requests};
use backstop_ui_tests::User;

pub struct Api {
    pub owner: String,
}

#[requests(base = "/repos/{self.owner}")]
impl Api {
    #[request(get = "/users/{id}")]
    pub async fn user(&self, id: u64) -> Result<User, Error>;

    #[request(get = "/names/{id}")]
    pub async fn name(id: u64) -> Result<String, Error>;
}

fn main() {}
