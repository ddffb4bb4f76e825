use backstop::{Error, Json, request};
use backstop_ui_tests::User;

#[request(gett = "/users/{id}")]
pub async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> {
    Ok(user)
}

pub async fn name(id: u64) -> Result<String, Error> {
    Ok(user(id).await?.name)
}

fn main() {}
