// 3 mistakes
use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(
    get = "/users/{id}",
    on_error(404 => log, Connect => recover, Status(200) => log),
)]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
