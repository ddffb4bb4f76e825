use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", finally = |error: Error| eprintln!("{error}"))]
async fn user() -> Result<User, Error>;

fn main() {}
