use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error = log)]
async fn name(#[response] Json(user): Json<User>) -> Result<String, Error> {
    if user.id == 0 {
        return Ok(0);
    }
    Ok(user.name)
}

fn main() {}
