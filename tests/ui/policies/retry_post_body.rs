use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users/{id}", retry(times = 3, on(Connect | Body)))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
