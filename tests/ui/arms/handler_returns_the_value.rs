use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(Connect => default_user, _ => log))]
async fn user() -> Result<User, Error>;

fn default_user(_: &Error) -> User {
    unimplemented!()
}

fn main() {}
