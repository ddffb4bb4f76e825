use backstop::{Error, request};
use backstop_ui_tests::User;

pub struct Api {
    pub page: u8,
}

impl Api {
    #[request(get = "/users?{self.page}")]
    pub async fn users(&self) -> Result<Vec<User>, Error>;
}

fn main() {}
