// 2 mistakes
use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{idd}?page={paeg}")]
async fn user(id: u64, page: u64) -> Result<User, Error>;

fn main() {}
