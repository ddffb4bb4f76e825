use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = concat!("https://api.example.com", "/users/7"))]
async fn ada() -> Result<User, Error>;

fn main() {}
