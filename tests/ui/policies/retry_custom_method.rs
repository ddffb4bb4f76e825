use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(method("PURGE") = "/users/{id}", retry(times = 3, on(Status(500..=599))))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
