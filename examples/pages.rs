//! A paginated list: pages are requested as they are read, and again after a failure.
//!
//! Run it with `cargo run --example pages`: it starts its own server, a library whose catalogue has four
//! pages; the third fails at first.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use backstop::{Error, Pages, Session, request};
use backstop_tests::{Answer, Asked, Server};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Book {
    title: String,
    year: u16,
}

/// The `Link` header has the URL of the next page.
#[request(get = "/books", session = library(), on_error = log)]
async fn books() -> Result<Pages<Vec<Book>>, Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = Server::start(answer);
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    LIBRARY.get_or_init(|| session);
    println!("A server listens at {}.\n", server.url());

    let mut books = books().await?.max_pages(100).items();
    loop {
        match books.item().await {
            Ok(Some(book)) => println!("  {}  {}", book.year, book.title),
            Ok(None) => break,
            // Only the failed page is requested again.
            Err(error) if error.is_status() => println!("  ----  {error}; once more"),
            Err(error) => return Err(error),
        }
    }

    println!("\nThe server received:");
    for asked in server.asked() {
        println!("  {}", asked.target);
    }
    Ok(())
}

fn library() -> &'static Session {
    LIBRARY.get().expect("`main` sets it first")
}

static LIBRARY: OnceLock<Session> = OnceLock::new();

const PAGES: [&str; 4] = [
    r#"[{"title":"Frankenstein","year":1818},{"title":"Middlemarch","year":1871}]"#,
    r#"[{"title":"Dracula","year":1897},{"title":"Kim","year":1901}]"#,
    r#"[{"title":"Ulysses","year":1922}]"#,
    r#"[{"title":"Orlando","year":1928},{"title":"Nineteen Eighty-Four","year":1949}]"#,
];

fn answer(asked: &Asked) -> Answer {
    static THIRD: AtomicUsize = AtomicUsize::new(0);
    let page = asked.query().strip_prefix("page=").and_then(|page| page.parse().ok()).unwrap_or(1);
    if page == 3 && THIRD.fetch_add(1, Ordering::SeqCst) == 0 {
        return Answer::new(503, "reshelving");
    }
    let Some(books) = PAGES.get(page - 1) else { return Answer::new(404, "") };
    let answer = Answer::json(*books);
    match page < PAGES.len() {
        true => answer.header("link", format!("</books?page={}>; rel=\"next\"", page + 1)),
        false => answer,
    }
}
