use backstop::{Error, request};
use backstop_ui_tests::{User, Plain};

#[request(get = "/users/{id}", header("accept" = Plain))]
async fn user(id: u64) -> Result<User, Error> {
    load(id)
}

fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
