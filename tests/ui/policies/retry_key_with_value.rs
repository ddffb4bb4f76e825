use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users/{id}", retry(times = 3, idempotency_key = "a"))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
