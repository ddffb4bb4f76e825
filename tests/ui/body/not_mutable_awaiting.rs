use backstop::{Error, request};

#[request(get = "/users/{id}", on_error = log)]
async fn next(id: u64, #[response] text: String) -> Result<(u64, String), Error> {
    std::future::ready(()).await;
    id += 1;
    Ok((id, text))
}

fn main() {}
