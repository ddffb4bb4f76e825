use backstop::{Ending, Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", finally = |ending: &Ending| eprintln!("{ending:?}"))]
async fn user() -> Result<User, Error>;

fn main() {}
