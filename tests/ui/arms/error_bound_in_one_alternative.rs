use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(e @ Connect | Timeout => note(e)))]
async fn user() -> Result<Option<User>, Error>;

fn note(error: &Error) {
    println!("{error}");
}

fn main() {}
