use backstop::{Error, request};

#[request(get = "/count/{id}", cleanup = release(id))]
async fn count(id: u64) -> Result<u64, Error>;

async fn release(id: u64) {
    println!("{id}");
}

fn main() {}
