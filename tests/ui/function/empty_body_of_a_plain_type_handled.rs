use backstop::request;
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error = log)]
async fn user() -> User {}

fn main() {}
