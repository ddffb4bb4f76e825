use backstop::{Error, request};

#[request(method("CONNECT") = "/")]
async fn tunnel() -> Result<(), Error>;

fn main() {}
