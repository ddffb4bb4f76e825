use backstop::{Session, requests};

pub struct Api {
    pub session: Session,
}

#[requests(session = self.session)]
impl Api {
    pub const fn session(&self) -> &Session {
        &self.session
    }
}

fn main() {}
