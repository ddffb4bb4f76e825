use backstop::{Error, Json, request};
use backstop_ui_tests::User;

use handlers::{SESSION, convert, note};

#[request(get = "/users/{id}", session = &SESSION, timeout = 5, on_error(_ => note))]
async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> {
    Ok(convert(user))
}

pub async fn name(id: u64) -> Result<String, Error> {
    Ok(user(id).await?.name)
}

mod handlers {
    pub static SESSION: std::sync::LazyLock<backstop::Session> =
        std::sync::LazyLock::new(backstop::Session::new);

    pub fn note(error: &backstop::Error) {
        println!("{error}");
    }

    pub fn convert<T>(value: T) -> T {
        value
    }
}

fn main() {}
