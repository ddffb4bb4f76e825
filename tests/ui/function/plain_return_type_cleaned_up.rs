use backstop::request;

#[request(get = "/count", cleanup = release)]
async fn count() -> u64;

fn release() {}

fn main() {}
