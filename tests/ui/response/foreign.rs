use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users")]
async fn create(#[json] user: User) -> Result<User, Error> {
    Ok(user)
}

fn main() {}
