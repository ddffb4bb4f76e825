use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", header("x-token" = tokn))]
async fn user(token: &str) -> Result<User, Error>;

fn main() {}
