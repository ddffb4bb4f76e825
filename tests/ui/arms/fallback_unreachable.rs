use backstop::request;

#[request(get = "/count", on_error = recover(1), fallback = 2)]
async fn count() -> u64;

fn main() {}
