// 2 mistakes
use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{}", timout = 2s)]
async fn user() -> Result<User, Error>;

fn main() {}
