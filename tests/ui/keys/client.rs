use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", client = backstop::Session::new())]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
