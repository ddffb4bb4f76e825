use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error = log)]
async fn name(#[response] Json(user): Json<User>) -> Result<String, Error> {
    wait().await?;
    Ok(user.id)
}

async fn wait() -> Result<(), Error> {
    Ok(())
}

fn main() {}
