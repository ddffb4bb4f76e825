use backstop::{Error, Json, request};

#[request(get = "/users/7")]
async fn any<T: Clone>(#[response] Json(value): Json<Vec<T>>) -> Result<Vec<T>, Error> {
    Ok(value)
}

fn main() {}
