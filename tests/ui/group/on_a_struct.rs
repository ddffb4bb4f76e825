use backstop::{Session, requests};

#[requests(timeout = 2s)]
pub struct Api {
    pub session: Session,
}

fn main() {}
