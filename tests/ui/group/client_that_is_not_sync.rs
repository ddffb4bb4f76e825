use std::rc::Rc;

use backstop::{Error, requests};

#[requests(base = "https://example.com")]
pub trait Api {
    #[request(get = "/users/{id}")]
    async fn user(&self, id: u64) -> Result<String, Error>;
}

pub struct Client {
    pub calls: Rc<u8>,
}

impl Api for Client {}

fn main() {}
