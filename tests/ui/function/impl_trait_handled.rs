use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", cleanup = release)]
async fn user() -> Result<impl Sized, Error> {
    load(7)
}

fn release() {}
fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
