use backstop::{Body, Error, request};

#[request(put = "/files/{id}", body = file, header("transfer-encoding" = "chunked"))]
async fn replace(id: u64, file: Body) -> Result<(), Error>;

fn main() {}
