use backstop::{Error, request};
use backstop_ui_tests::User;

#[request(post = "/users/{id}", multipart = form(), retry = 3)]
async fn user(id: u64) -> Result<User, Error>;

fn form() -> backstop::reqwest::multipart::Form {
    backstop::reqwest::multipart::Form::new()
}

fn main() {}
