use backstop::request;

#[request(get = "/name")]
async fn name() -> String {}

fn main() {}
