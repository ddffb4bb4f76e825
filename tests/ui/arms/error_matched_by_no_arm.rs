use backstop::request;

#[request(get = "/users/7", on_error(Connect => log))]
async fn user() {
    println!("there");
}

fn main() {}
