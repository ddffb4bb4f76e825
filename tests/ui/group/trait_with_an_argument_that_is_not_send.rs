use std::rc::Rc;

use backstop::{Error, requests};

#[requests(base = "https://example.com")]
pub trait Api {
    #[request(get = "/users/{id}")]
    async fn user(&self, id: Rc<str>) -> Result<String, Error>;
}

fn main() {}
