use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(gett = "/users/7")]
async fn name(#[response] Json(user): Json<User>) -> Result<String, Error> {
    Ok(user.name)
}

fn main() {}
