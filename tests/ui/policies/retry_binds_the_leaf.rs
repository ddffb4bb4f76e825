use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{id}", retry(times = 3, on(Timeout(which @ (Connect | Idle)))))]
async fn user(id: u64) -> Result<User, Error>;

fn main() {}
