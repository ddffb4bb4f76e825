use backstop::{BodyStream, Error, StatusCode, request};

#[request(get = "/users/7")]
async fn text(#[response] body: BodyStream, #[response] status: StatusCode) -> Result<(), Error> {
    drop((body, status));
    Ok(())
}

fn main() {}
