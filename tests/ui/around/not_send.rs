use backstop::{Error, request};
use backstop_ui_tests::User;

use std::rc::Rc;

#[request(get = "/users/{id}")]
async fn user(id: Rc<u64>) -> Result<User, Error>;

fn spawned() -> impl Future<Output = Result<User, Error>> + Send {
    user(Rc::new(7))
}

fn main() {}
