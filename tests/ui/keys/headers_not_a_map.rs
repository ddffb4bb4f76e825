use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", headers = [("accept", "application/json")])]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
