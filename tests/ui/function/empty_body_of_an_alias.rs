use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn user() -> Answer {}

type Answer = Result<User, Error>;

fn main() {}
