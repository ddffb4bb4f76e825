use backstop::request;
use backstop_ui_tests::{User, Problem};

#[request(get = "/users/7")]
async fn user() -> Result<User, Problem> {
    Err(Problem::Gone)
}

fn main() {}
