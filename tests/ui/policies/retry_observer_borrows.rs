use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{name}", retry(times = 3, on_retry = move |error, _| println!("{name}: {error}")))]
async fn user(name: &str) -> Result<User, Error>;

fn main() {}
