use backstop::{Error, request};

#[request(get = "/contents/{/path}")]
async fn contents(path: Option<&str>) -> Result<(), Error>;

fn main() {}
