use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/" + id)]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
