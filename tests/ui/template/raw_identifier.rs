use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(get = "/users/{r#type}")]
async fn user(r#type: u64) -> Result<User, Error> {
    load(r#type)
}

fn load(id: u64) -> Result<User, Error> {
    unimplemented!("{id}")
}

fn main() {}
