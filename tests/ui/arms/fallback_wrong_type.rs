use backstop::request;

#[request(get = "/count", fallback = "none")]
async fn count() -> u64;

fn main() {}
