use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(patch = "/users/{id}", retry(times = 3, on(Redirect)))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
