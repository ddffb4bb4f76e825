use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn user(#[response] user: Option<Json<User>>) -> Result<Option<User>, Error> {
    Ok(user.map(|Json(user)| user))
}

fn main() {}
