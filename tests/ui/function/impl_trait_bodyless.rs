use backstop::request;

#[request(get = "/users/7")]
async fn user() -> Result<impl Sized, backstop::Error>;

fn main() {}
