use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(Status(NotFound) => recover(None)))]
async fn user() -> Result<Option<User>, Error>;

fn main() {}
