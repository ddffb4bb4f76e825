use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users", query(page = page))]
async fn users(page: u64) -> Result<Vec<User>, Error>;

fn main() {}
