use backstop::{Error, request};
use backstop_ui_tests::User;

struct Api {
    token: String,
}

impl Api {
    #[request(get = "/users/{id}", bearer = self.)]
    async fn user(&self, id: u64) -> Result<User, Error>;
}

fn main() {}
