use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error = async { note().await })]
async fn user() -> Result<User, Error>;

async fn note() {}

fn main() {}
