use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", cleanup = release)]
async fn name(#[response] Json(user): Json<User>) -> Result<String, Error> {
    drop(user.name);
    Ok(user.name)
}

fn release() {}

fn main() {}
