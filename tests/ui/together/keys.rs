// 4 mistakes
use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(
    get = "/users/{id}",
    timout = 2s,
    expect(299..=200),
    max_body = 5KB,
    header(accept = 1),
)]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
