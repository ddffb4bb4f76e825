use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{LIMIT}")]
async fn user(id: u64) -> Result<User, Error> {
    load(id)
}

const LIMIT: u64 = 5;
fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
