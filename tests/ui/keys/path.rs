use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(path = "/users/{id}")]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
