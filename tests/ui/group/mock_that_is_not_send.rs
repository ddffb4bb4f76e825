use std::rc::Rc;

use backstop::{Error, requests};

#[requests(base = "https://example.com")]
pub trait Api {
    #[request(get = "/users/{id}")]
    async fn user(&self, id: u64) -> Result<String, Error>;
}

pub struct Mock;

impl Api for Mock {
    async fn user(&self, id: u64) -> Result<String, Error> {
        let text: Rc<str> = id.to_string().into();
        std::future::ready(()).await;
        Ok(text.to_string())
    }
}

fn main() {}
