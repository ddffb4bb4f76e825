use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", cleanup = || release())]
async fn user() -> Result<User, Error>;

async fn release() {}

fn main() {}
