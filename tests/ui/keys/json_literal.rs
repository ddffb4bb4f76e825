use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users", json = { "id": id })]
async fn create(id: u64) -> Result<User, Error>;

fn main() {}
