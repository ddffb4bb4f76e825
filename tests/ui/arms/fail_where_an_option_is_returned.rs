use backstop::request;
use backstop_ui_tests::{User, Problem};

#[request(get = "/users/7", on_error(Status(404) => fail(Problem::Gone)))]
async fn user() -> Option<User>;

fn main() {}
