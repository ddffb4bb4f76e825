use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = PATH)]
async fn user(id: u64) -> Result<User, Error> {
    load(id)
}

const PATH: &str = "/users";
fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
