use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", retry = times())]
async fn user(id: u64) -> Result<User, Error>;

fn times() -> u64 {
    5
}

fn main() {}
