use backstop::{Error, request};
use backstop_ui_tests::Plain;

#[request(get = "/users/7")]
async fn plain() -> Result<Plain, Error>;

fn main() {}
