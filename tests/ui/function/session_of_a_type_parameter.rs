use backstop::{Error, Session, request};
use backstop_ui_tests::User;

#[request(gett = "/users/7", session = S::session())]
async fn user<S: Sessions>() -> Result<User, Error>;

trait Sessions {
    fn session() -> Session;
}

fn main() {}
