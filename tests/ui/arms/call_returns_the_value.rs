use backstop::{Error, request};

#[request(get = "/names", on_error(Status(404) => { log; Vec::new() }))]
async fn names() -> Result<Vec<String>, Error>;

fn main() {}
