use backstop::{Ending, Error, request};

#[request(get = "/count", finally = ended.await)]
async fn count() -> Result<u64, Error>;

async fn ended(_: Ending) {
    let shared = std::rc::Rc::new(0);
    std::future::ready(()).await;
    println!("{shared}");
}

fn main() {}
