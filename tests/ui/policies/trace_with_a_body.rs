use backstop::{Error, request};

#[request(method("TRACE") = "/", text = "hello")]
async fn echo() -> Result<String, Error>;

fn main() {}
