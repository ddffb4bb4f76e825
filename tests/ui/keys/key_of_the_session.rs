use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", proxy = "http://proxy")]
async fn user(id: u64) -> Result<User, Error> {
    load(id)
}

fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
