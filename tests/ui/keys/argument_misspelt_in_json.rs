use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users", json = usr)]
async fn create(user: &User) -> Result<User, Error>;

fn main() {}
