use backstop::{Commas, Error, request};
use backstop_ui_tests::Plain;

#[request(get = "/users?{ids}")]
async fn users(ids: Commas<Vec<Plain>>) -> Result<(), Error>;

fn main() {}
