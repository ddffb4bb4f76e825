use backstop::{Error, request};
use backstop_ui_tests::Plain;

#[request(get = "/", on_error = log)]
async fn plain() -> Result<Plain, Error>;

fn main() {}
