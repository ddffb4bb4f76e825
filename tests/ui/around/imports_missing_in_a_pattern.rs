use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(ErrorKind::Timeout => log))]
async fn user() -> Result<User, Error>;

fn main() {}
