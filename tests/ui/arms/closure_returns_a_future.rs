use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error = |error| note(error))]
async fn user() -> Result<User, Error>;

async fn note(error: &Error) {
    eprintln!("{error}");
}

fn main() {}
