use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users/{id}", json = 1, text = "a")]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
