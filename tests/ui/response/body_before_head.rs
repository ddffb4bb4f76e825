use backstop::{Error, StatusCode, request};

#[request(get = "/users/7")]
async fn text(#[response] text: String, #[response] status: StatusCode) -> Result<String, Error> {
    println!("{status}");
    Ok(text)
}

fn main() {}
