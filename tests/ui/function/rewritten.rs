use backstop::request;

#[tokio::test]
#[request(get = "/ping", on_error = print)]
async fn ping() {}

fn main() {}
