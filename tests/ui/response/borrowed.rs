use backstop::{Error, request};

#[request(get = "/users/7")]
async fn text(#[response] text: &str) -> Result<String, Error> {
    Ok(text.to_owned())
}

fn main() {}
