use backstop::request;
use backstop_ui_tests::{User, Problem};

#[request(get = "/users/7", on_error = log)]
async fn user() -> Result<User, Problem>;

fn main() {}
