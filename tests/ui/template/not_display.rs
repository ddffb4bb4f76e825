use backstop::{Error, request};
use backstop_ui_tests::Plain;

#[request(get = "/users/{user}")]
async fn user(user: Plain) -> Result<(), Error>;

fn main() {}
