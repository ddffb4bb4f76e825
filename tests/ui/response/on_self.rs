use backstop::{Error, request};

struct Api;

impl Api {
    #[request(get = "/users/7")]
    async fn user(#[response] self) -> Result<u64, Error> {
        Ok(7)
    }
}

fn main() {}
