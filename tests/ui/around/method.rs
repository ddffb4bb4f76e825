use backstop::{Error, request};
use backstop_ui_tests::User;

pub struct Api {
    pub base: String,
}

impl Api {
    #[request(get = "{self.base}/users/{id}", timeout = 5)]
    pub async fn user(&self, id: u64) -> Result<User, Error>;

    pub async fn name(&self, id: u64) -> Result<String, Error> {
        Ok(self.user(id).await?.name)
    }
}

fn main() {}
