use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(Connect => note(&e), _ => log))]
async fn user() -> Result<User, Error>;

fn note(error: &Error) {
    eprintln!("{error}");
}

fn main() {}
