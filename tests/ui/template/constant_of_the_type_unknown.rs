use backstop::{Error, request};
use backstop_ui_tests::User;

struct Api;

impl Api {
    const VERSION: u8 = 2;

    #[request(get = "/v{Self::VERSON}/users/{id}")]
    async fn user(id: u64) -> Result<User, Error>;
}

fn main() {
    assert_eq!(Api::VERSION, 2);
}
