use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn user(user: Json<User>) -> Result<User, Error> {
    Ok(user.0)
}

fn main() {}
