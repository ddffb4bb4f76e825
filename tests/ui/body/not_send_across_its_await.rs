use std::rc::Rc;

use backstop::{Error, request};

#[request(get = "/users/7")]
async fn count(#[response] text: String) -> Result<usize, Error> {
    let shared = Rc::new(text);
    wait().await;
    Ok(shared.len())
}

async fn wait() {}

fn spawned() -> impl Future<Output = Result<usize, Error>> + Send {
    count()
}

fn main() {}
