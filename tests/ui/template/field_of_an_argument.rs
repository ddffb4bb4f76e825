use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{user.id}")]
async fn user(user: User) -> Result<User, Error> {
    load(user.id)
}

fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
