#[backstop::requests(session = self.session)]
pub mod api {
    use backstop::Error;

    #[request(get = "/names/{id}")]
    pub async fn name(id: u64) -> Result<String, Error>;

    #[request(get = "/users/{id}")]
    pub async fn user(id: u64) -> Result<String, Error>;
}

fn main() {}
