use backstop::{Error, StatusCode, request};

#[request(get = "/users/7")]
async fn all(
    #[response] _a: StatusCode,
    #[response] _b: StatusCode,
    #[response] _c: StatusCode,
    #[response] _d: StatusCode,
    #[response] _e: StatusCode,
    #[response] _f: String,
) -> Result<(), Error> {
    Ok(())
}

fn main() {}
