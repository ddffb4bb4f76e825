use backstop::{Error, request};

#[request(get = "/count/{id}", finally = ended(id).await)]
async fn count(id: &str) -> Result<u64, Error>;

async fn ended(id: &str) {
    println!("{id}");
}

fn main() {}
