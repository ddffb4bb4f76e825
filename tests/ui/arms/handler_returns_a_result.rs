use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error = report)]
async fn user() -> Result<User, Error>;

fn report(_: &Error) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
