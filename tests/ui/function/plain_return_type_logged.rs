use backstop::request;

#[request(get = "/count", on_error = log)]
async fn count() -> u64;

fn main() {}
