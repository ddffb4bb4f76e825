use backstop::{Error, Session, request as http, requests};

pub struct Api {
    pub session: Session,
}

#[requests(session = self.session)]
impl Api {
    #[http(get = "/names/{id}")]
    pub async fn name(&self, id: u64) -> Result<String, Error>;
}

fn main() {}
