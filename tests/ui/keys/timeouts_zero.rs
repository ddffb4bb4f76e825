use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", timeout(total = 30s, idle = 0.0ms))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
