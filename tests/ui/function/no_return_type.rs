use backstop::request;

#[request(get = "/users/7")]
async fn user() {
    println!("up");
}

fn main() {}
