use backstop::request;

#[request(get = "/users/7")]
async fn user() -> impl Sized {}

fn main() {}
