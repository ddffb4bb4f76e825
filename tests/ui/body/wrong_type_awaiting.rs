use backstop::{Error, request};

#[request(get = "/users/7")]
async fn count(#[response] text: String) -> Result<u64, Error> {
    wait().await;
    Ok(text)
}

async fn wait() {}

fn main() {}
