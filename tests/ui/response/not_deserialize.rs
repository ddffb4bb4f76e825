use backstop::{Error, Json, request};
use backstop_ui_tests::Plain;

#[request(get = "/users/7")]
async fn plain(#[response] Json(plain): Json<Plain>) -> Result<Plain, Error> {
    Ok(plain)
}

fn main() {}
