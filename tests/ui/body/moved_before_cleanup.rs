use backstop::{Error, request};

#[request(get = "/users/{name}", cleanup = release(&name))]
async fn greeting(name: String, #[response] text: String) -> Result<String, Error> {
    Ok(name + &text)
}

fn release(_: &str) {}

fn main() {}
