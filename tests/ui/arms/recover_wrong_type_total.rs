use backstop::request;

#[request(get = "/users/7", on_error(_ => recover("none")))]
async fn count() -> u64;

fn main() {}
