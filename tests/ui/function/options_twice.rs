use backstop::{CallOptions, Error, request};

#[request(get = "/users")]
async fn users(options: &CallOptions, more: Option<CallOptions>) -> Result<(), Error>;

fn main() {}
