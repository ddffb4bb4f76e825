use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{user_id}")]
async fn user(#[cfg(any())] user_id: u64) -> Result<User, Error>;

fn main() {}
