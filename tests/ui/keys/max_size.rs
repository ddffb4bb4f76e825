use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", max_size = 1MB)]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
