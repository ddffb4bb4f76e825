use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(error @ Connect if error. => log, _ => print))]
async fn user() -> Result<User, Error>;

fn main() {}
