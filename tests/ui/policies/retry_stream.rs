use backstop::{Body, Error, request};
use backstop_ui_tests::User;

#[request(put = "/users/{id}", body = Body::from_stream(lines()), retry = 3)]
async fn user(id: u64) -> Result<User, Error>;

fn lines() {}

fn main() {}
