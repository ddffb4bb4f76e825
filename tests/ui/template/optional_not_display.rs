use backstop::{Error, request};
use backstop_ui_tests::Plain;

#[request(get = "/contents{/path}")]
async fn contents(path: Option<Plain>) -> Result<(), Error>;

fn main() {}
