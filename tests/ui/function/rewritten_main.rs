use backstop::{Error, request};

#[tokio::main(flavor = "current_thread")]
#[request(get = "https://example.com/users/7")]
async fn main() -> Result<(), Error> {
    Ok(())
}
