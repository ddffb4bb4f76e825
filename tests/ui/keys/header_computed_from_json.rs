use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(put = "/users/{id}", json = user, header("content-length" = 40))]
async fn replace(id: u64, user: &User) -> Result<(), Error>;

fn main() {}
