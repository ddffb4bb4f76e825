use backstop::request;
use backstop_ui_tests::Plain;

#[request(get = "/", fallback = Plain)]
async fn plain() -> Plain;

fn main() {}
