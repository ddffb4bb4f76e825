use backstop::{Error, Json, request};

#[request(get = "/users/7")]
async fn user(#[response] Json(user): String) -> Result<String, Error> {
    Ok(user)
}

fn main() {}
