use backstop::request;

#[request(get = "/count", fallback = return 0)]
async fn count() -> u64;

fn main() {}
