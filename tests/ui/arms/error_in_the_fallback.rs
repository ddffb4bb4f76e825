use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", fallback = user_of(error))]
async fn user() -> Result<User, Error>;

fn user_of(_: Error) -> User {
    unimplemented!()
}

fn main() {}
