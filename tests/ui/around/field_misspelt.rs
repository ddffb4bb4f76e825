use backstop::{Error, request};
use backstop_ui_tests::User;

pub struct Api {
    pub base: String,
}

impl Api {
    #[request(get = "{self.bse}/users/{id}")]
    pub async fn user(&self, id: u64) -> Result<User, Error>;
}

fn main() {}
