// 3 mistakes
use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{a.b}/{}?{id}=1")]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
