use backstop::request;
use backstop_ui_tests::User;

#[request(get = "/users/7")]
async fn user() -> Option<User> {}

fn main() {}
