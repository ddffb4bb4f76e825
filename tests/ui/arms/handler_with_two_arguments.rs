use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(_ => note))]
async fn user() -> Result<Option<User>, Error>;

fn note(error: &Error, id: u64) {
    println!("{error} {id}");
}

fn main() {}
