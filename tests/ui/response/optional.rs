use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn user(#[response] user: Option<User>) -> Result<Option<User>, Error> {
    Ok(user)
}

fn main() {}
