use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn first(#[response] Json(Some(user)): Json<Option<User>>) -> Result<User, Error> {
    Ok(user)
}

fn main() {}
