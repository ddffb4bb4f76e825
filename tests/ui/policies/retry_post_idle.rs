use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users/{id}", retry(times = 3, on(Timeout(Connect | Idle))))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
