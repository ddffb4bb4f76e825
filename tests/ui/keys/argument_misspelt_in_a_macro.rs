use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users", text = format!("{}", tokn))]
async fn create(token: &str) -> Result<User, Error>;

fn main() {}
