use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(_ => NOTE))]
async fn user() -> Result<Option<User>, Error>;

const NOTE: &str = "failed";

fn main() {}
