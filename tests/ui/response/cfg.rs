use backstop::{Error, request};

#[request(get = "/count")]
async fn count(
    #[cfg(unix)]
    #[response]
    text: String,
) -> Result<usize, Error> {
    Ok(text.len())
}

fn main() {}
