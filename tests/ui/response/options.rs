use backstop::{CallOptions, Error, request};

#[request(get = "/users")]
async fn users(#[response] options: CallOptions) -> Result<(), Error> {
    drop(options);
    Ok(())
}

fn main() {}
