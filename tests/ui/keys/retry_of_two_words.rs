use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", retry = 3 times)]
async fn user() -> Result<User, Error>;

fn main() {}
