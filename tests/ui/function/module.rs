use backstop::request;

#[request(get = "/users/7")]
mod users {}

fn main() {}
