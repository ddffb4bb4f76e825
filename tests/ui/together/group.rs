// 5 mistakes
use backstop::{Error, Session, requests};
use backstop_ui_tests::User;

pub struct Api {
    pub session: Session,
}

#[requests(sesion = self.session, json = 3, timeout = 0s)]
impl Api {
    #[request(gett = "/users/{id}")]
    pub async fn user(&self, id: u64) -> Result<User, Error>;

    #[request(get = "/names/{id}", timout = 3s)]
    pub async fn name(&self, id: u64) -> Result<String, Error>;

    #[request(get = "/names")]
    pub async fn names(&self) -> Result<String, Error>;
}

fn main() {}
