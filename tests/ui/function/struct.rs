use backstop::request;

#[request(get = "/users/7")]
struct Users;

fn main() {}
