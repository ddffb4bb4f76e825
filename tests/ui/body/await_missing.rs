use backstop::{Error, request};

#[request(get = "/users/7")]
async fn name() -> Result<String, Error> {
    other()
}

async fn other() -> Result<String, Error> {
    Ok(String::new())
}

fn main() {}
