use backstop::{Error, request};
use backstop_ui_tests::User;

pub trait Users {
    #[request(get = "/users/{idd}")]
    #[allow(async_fn_in_trait)]
    async fn user(&self, id: u64) -> Result<User, Error>;
}

fn main() {}
