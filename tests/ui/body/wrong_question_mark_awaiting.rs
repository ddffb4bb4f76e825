use backstop::{Error, request};

#[request(get = "/users/7")]
async fn count(#[response] text: String) -> Result<u64, Error> {
    wait().await?;
    let count: u64 = text.parse()?;
    Ok(count)
}

async fn wait() -> Result<(), Error> {
    Ok(())
}

fn main() {}
