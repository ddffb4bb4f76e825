use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn name(#[response] Json(user): Json<User>) -> Result<String, Error> {
    Ok(user.id)
}

fn main() {}
