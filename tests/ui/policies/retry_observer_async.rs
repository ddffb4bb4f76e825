use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", retry(times = 3, on_retry = async |error, _| note(error).await))]
async fn user() -> Result<User, Error>;

async fn note(error: &Error) {
    eprintln!("{error}");
}

fn main() {}
