use backstop::request;

#[request(get = "/count", on_error(Connect => recover(0), _ => log))]
async fn count(#[response] text: String) -> usize {
    text.len()
}

fn main() {}
