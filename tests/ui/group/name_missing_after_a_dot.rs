use backstop::{Error, Session, requests};
use backstop_ui_tests::User;

pub struct Api {
    pub session: Session,
}

#[requests(session = self.session, cleanup = self.)]
impl Api {
    #[request(get = "/users/{id}")]
    pub async fn user(&self, id: u64) -> Result<User, Error>;

    #[request(get = "/names/{id}")]
    pub async fn name(&self, id: u64) -> Result<String, Error>;
}

fn main() {}
