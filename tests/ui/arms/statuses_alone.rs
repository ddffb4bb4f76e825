use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(500..=599 => log, Connect => print))]
async fn user() -> Result<User, Error>;

fn main() {}
