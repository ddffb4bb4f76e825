use backstop::{CallOptions, Error, request};

#[request(get = "/users")]
async fn users(_: &CallOptions) -> Result<(), Error>;

fn main() {}
