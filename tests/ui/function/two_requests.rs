use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7")]
#[request(get = "/users")]
async fn user() -> Result<User, Error> {
    load(7)
}

fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
