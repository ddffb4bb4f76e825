// 2 mistakes
use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(gett = "/users")]
async fn users() -> Result<Vec<User>, Error>;

#[request(get = "/users", timeout = 5)]
async fn again() -> Result<Vec<User>, Error>;

fn main() {}
