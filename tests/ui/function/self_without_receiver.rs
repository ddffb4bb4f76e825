use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/7", on_error(_ => self.seen.set(self.seen.get() + 1)))]
async fn user() -> Result<User, Error>;

fn main() {}
