//! Fetches a URL in the environment of a test, and prints the outcome on one line. The environment is read
//! once for each process, so each case has its own process.

use backstop::{Request, Session};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (kind, url) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let builder = Session::builder();
    let session = match &*kind {
        "direct" => builder,
        "reqwest" => builder.use_reqwest(true),
        "configured" => builder.configure(|client| client.user_agent("configured")),
        "without proxies" => builder.no_proxy(),
        "has socks" => {
            println!("{}", builder.proxy("socks5://127.0.0.1:1").build().is_ok());
            return;
        }
        other => panic!("there is no session `{other}`"),
    };
    let session = session.build().expect("a session");
    println!(
        "{}",
        match session.fetch(Request::get(url)).await.and_then(|response| response.text()) {
            Ok(text) => format!("ok {text}"),
            Err(error) => format!("{} {:?} {error:#}", error.kind().name(), error.sent()),
        }
    );
}
