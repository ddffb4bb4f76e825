use backstop::{Error, request};
use backstop_ui_tests::User;

const VERSION: u8 = 2;

#[request(get = "/v{VERSON}/users/{id}")]
async fn user(id: u64) -> Result<User, Error>;

fn main() {
    assert_eq!(VERSION, 2);
}
