use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{name}")]
async fn user(#[response] name: String) -> Result<User, Error> {
    load(name.len() as u64)
}

fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
