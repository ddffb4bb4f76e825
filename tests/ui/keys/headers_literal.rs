use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", headers = { "accept": "text/plain" })]
async fn user() -> Result<User, Error>;

fn main() {}
