use backstop::request;

#[request(get = "/users/7")]
async fn count() -> u64 {
    5
}

fn main() {}
