use backstop::{Error, Session, request};
use backstop_ui_tests::User;

trait Service {
    fn session() -> Session;

    fn note(error: &Error);
}

struct Api<S>(S);

impl<S: Service> Api<S> {
    #[request(gett = "/users/7", session = S::session(), on_error = S::note)]
    async fn user(&self) -> Result<User, Error>;
}

fn main() {}
