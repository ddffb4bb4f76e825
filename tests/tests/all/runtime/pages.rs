//! Paginated lists.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{
    ByBody, ByNumber, DecodeError, Error, ErrorKind, FromResponse, HasNext, NextPage, Pages,
    Request, TimeoutError, request,
};
use backstop_tests::{Answer, Asked, Server};
use serde::Deserialize;

use crate::support::{SESSION, TRANSPORTS, bounded, fetch, fetch_with, session, session_over};

/// Answers `/list` with these pages, each with a link to the next.
fn listed(asked: &Asked, pages: &[&str]) -> Answer {
    let number: usize = asked.query().strip_prefix("page=").map_or(1, |n| n.parse().expect("n"));
    let answer = Answer::json(pages[number - 1]);
    match number < pages.len() {
        true => answer.header("link", format!("</list?page={}>; rel=\"next\"", number + 1)),
        false => answer.header("link", "</list?page=1>; rel=\"first\""),
    }
}

async fn read<T: FromResponse>(url: impl Into<String>) -> Result<T, Error> {
    fetch(Request::get(url.into()).reads::<T>()).await?.read()
}

async fn all<T, By>(mut pages: Pages<Vec<T>, By>) -> Result<Vec<T>, Error>
where
    T: serde::de::DeserializeOwned,
    By: backstop::Paging<Vec<T>>,
{
    let mut all = Vec::new();
    while let Some(page) = bounded(pages.page()).await? {
        all.extend(page);
    }
    assert!(pages.page().await.expect("the end again").is_none());
    Ok(all)
}

#[tokio::test]
async fn links_are_followed_to_the_last_page() {
    let server = Server::start(|asked| listed(asked, &["[1,2]", "[]", "[3]"]));
    let url = format!("{}/list", server.url());
    let pages: Pages<Vec<u8>> = read(&*url).await.expect("a page");
    assert_eq!(all(pages).await.expect("pages"), [1, 2, 3]);

    let mut items = read::<Pages<Vec<u8>>>(&*url).await.expect("a page").items();
    let mut found = Vec::new();
    while let Some(item) = bounded(items.item()).await.expect("an item") {
        found.push(item);
    }
    assert_eq!(found, [1, 2, 3]);
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test]
async fn a_page_is_requested_when_read_or_prefetched() {
    let server = Server::start(|asked| listed(asked, &["[1]", "[2]", "[3]"]));
    let url = format!("{}/list", server.url());
    let mut pages: Pages<Vec<u8>> = read(&*url).await.expect("a page");
    pages.page().await.expect("a page");
    assert_eq!(server.asked().len(), 1);
    pages.page().await.expect("a page");
    assert_eq!(server.asked().len(), 2);

    let pages: Pages<Vec<u8>> = read(&*url).await.expect("a page");
    let mut pages = pages.prefetch(true);
    pages.page().await.expect("a page");
    bounded(async {
        while server.asked().len() < 4 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(all(pages).await.expect("pages"), [2, 3]);
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn each_page_has_the_headers_of_the_call() {
    let server = Server::start(|asked| listed(asked, &["[1]", "[2]"]));
    let session = session(|builder| builder.header("x-session", "s"));
    let request = Request::get(format!("{}/list", server.url()))
        .bearer_auth("t0ken")
        .header("x-call", "c")
        .reads::<Pages<Vec<u8>>>();
    let pages: Pages<Vec<u8>> =
        fetch_with(&session, request).await.expect("200").read().expect("a page");
    assert_eq!(all(pages).await.expect("pages"), [1, 2]);
    for asked in server.asked() {
        let headers = ["authorization", "x-call", "x-session"].map(|name| asked.header(name));
        assert_eq!(headers, ["Bearer t0ken", "c", "s"]);
    }
}

#[tokio::test]
async fn a_failed_page_is_requested_again_without_loss_or_duplicates() {
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&failures);
    let server = Server::start(move |asked| match asked.query() {
        "page=2" => match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::new(503, "busy"),
            1 => Answer::Reset,
            2 => Answer::json("[2, \"no\"]"),
            _ => listed(asked, &["[1]", "[2]", "[3]"]),
        },
        _ => listed(asked, &["[1]", "[2]", "[3]"]),
    });
    let mut items =
        read::<Pages<Vec<u8>>>(format!("{}/list", server.url())).await.expect("a page").items();
    assert_eq!(items.item().await.expect("an item"), Some(1));
    let error = bounded(items.item()).await.expect_err("503");
    assert_eq!(error.kind(), ErrorKind::Status(503));
    assert!(error.url().is_some_and(|url| url.query() == Some("page=REDACTED")), "{error}");
    assert!(bounded(items.item()).await.expect_err("reset").is_disconnected());
    let error = bounded(items.item()).await.expect_err("a string");
    assert_eq!(error.decode_path(), Some("$[1]"));
    assert_eq!(bounded(items.item()).await.expect("an item"), Some(2));
    assert_eq!(bounded(items.item()).await.expect("an item"), Some(3));
    assert_eq!(bounded(items.item()).await.expect("the end"), None);
}

#[tokio::test]
async fn each_page_is_retried_by_the_policy_of_the_call() {
    let failures = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&failures);
    let server = Server::start(move |asked| match asked.query() {
        "page=2" if counted.fetch_add(1, Ordering::SeqCst) == 0 => Answer::new(503, ""),
        _ => listed(asked, &["[1]", "[2]"]),
    });
    let retry = backstop::Retry::times(1).backoff(Duration::ZERO..Duration::ZERO);
    let request = Request::get(format!("{}/list", server.url())).retry(retry);
    let pages: Pages<Vec<u8>> =
        fetch(request.reads::<Pages<Vec<u8>>>()).await.expect("200").read().expect("a page");
    assert_eq!(all(pages).await.expect("pages"), [1, 2]);
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_or_requested_without_credentials() {
    let other = Server::start(|asked| match asked.path() {
        "/more" => Answer::json("[2]").header("link", "</last>; rel=next"),
        _ => Answer::json("[3]"),
    });
    let elsewhere = format!("{}/more", other.url());
    let server = Server::start(move |_| {
        Answer::json("[1]").header("link", format!("<{elsewhere}>; rel=next"))
    });
    let session = session(|builder| builder.header("x-api-key", "secret").header("x-open", "1"));
    let request = || {
        let request = Request::get(server.url()).bearer_auth("t0ken").header("host", "a.example");
        request.reads::<Pages<Vec<u8>>>()
    };
    let pages: Pages<Vec<u8>> =
        fetch_with(&session, request()).await.expect("200").read().expect("a page");
    let error = all(pages).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Link));
    assert!(error.to_string().ends_with("it is of another origin"), "{error}");
    assert!(error.method().is_some());
    assert!(other.asked().is_empty());

    let pages: Pages<Vec<u8>> =
        fetch_with(&session, request()).await.expect("200").read().expect("a page");
    let pages = pages.allow_other_origins(true);
    assert_eq!(all(pages).await.expect("allowed"), [1, 2, 3]);
    for asked in other.asked() {
        let headers = ["authorization", "x-api-key", "x-open"].map(|name| asked.header(name));
        assert_eq!(headers, ["", "", "1"]);
        assert_ne!(asked.header("host"), "a.example");
    }
}

#[tokio::test]
async fn a_link_is_relative_to_the_url_after_redirects() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.target.as_str() {
            "/v1/list" => Answer::redirect(301, "/v2/deep/list?page=1"),
            "/v2/deep/list?page=1" => Answer::json("[1]")
                .header("link", r#"<list?page=2>; REL="prev  NEXT"; title="a, b; <c>""#),
            "/v2/deep/list?page=2" => Answer::redirect(302, "/v3/list?page=2"),
            "/v3/list?page=2" => Answer::json("[2]")
                .header("link", "</v1/list>; rel=first")
                .header("link", "<?page=3>; rel=next"),
            "/v3/list?page=3" => Answer::json("[3]").header("link", "<?page=1>; rel=prev"),
            other => panic!("{other}"),
        });
        let session = session_over(transport, |builder| builder.base_url(server.url()));
        let request = Request::get("/v1/list").reads::<Pages<Vec<u8>>>();
        let response = fetch_with(&session, request).await.expect("200");
        let mut pages: Pages<Vec<u8>> = response.read().expect("a page");
        let mut found = Vec::new();
        while let Some(page) = bounded(pages.page()).await.expect("a page") {
            found.extend(page);
        }
        assert_eq!(found, [1, 2, 3], "{transport:?}");
    }
}

#[tokio::test]
async fn a_loop_of_pages_ends_in_an_error() {
    let server = Server::start(|asked| {
        let next = if asked.path() == "/a" { "/b" } else { "/a" };
        Answer::json("[1]").header("link", format!("<{next}>; rel=next"))
    });
    let mut pages: Pages<Vec<u8>> = read(format!("{}/a", server.url())).await.expect("a page");
    for _ in 0..2 {
        assert!(bounded(pages.page()).await.expect("a page").is_some());
    }
    let error = bounded(pages.page()).await.expect_err("a loop");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Link));
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert!(bounded(pages.page()).await.expect("the end").is_none());
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn pages_end_at_their_limit_and_each_has_a_timeout() {
    let server = Server::start(|asked| {
        let number: u64 = asked.query().strip_prefix("page=").map_or(1, |n| n.parse().expect("n"));
        let page = Answer::json(format!("[{number}]"))
            .header("link", format!("<?page={}>; rel=next", number + 1));
        match number {
            4 => Answer::Late(Duration::from_secs(10), Box::new(page)),
            _ => page,
        }
    });
    let pages: Pages<Vec<u64>> = read(format!("{}/list", server.url())).await.expect("a page");
    assert_eq!(all(pages.prefetch(true).max_pages(3)).await.expect("pages"), [1, 2, 3]);
    assert_eq!(server.asked().len(), 3);

    let pages: Pages<Vec<u64>> = read(format!("{}/list", server.url())).await.expect("a page");
    let error = all(pages.page_timeout(Duration::from_millis(200))).await.expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
}

#[derive(Deserialize)]
struct Messages {
    messages: Vec<String>,
    next: Option<String>,
}

impl HasNext for Messages {
    fn next_page(&self) -> Option<NextPage> {
        self.next.as_ref().map(|cursor| NextPage::query("cursor", cursor))
    }
}

#[tokio::test]
async fn a_cursor_in_the_body_leads_to_the_next_page() {
    let server = Server::start(|asked| {
        Answer::json(match asked.query() {
            "q=a%20b" => r#"{"messages":["one"],"next":"x y&"}"#,
            "q=a%20b&cursor=x+y%26" => r#"{"messages":["two"],"next":null}"#,
            other => panic!("{other}"),
        })
    });
    let url = format!("{}/?q=a%20b", server.url());
    let mut pages: Pages<Messages, ByBody> = read(url).await.expect("a page");
    let mut found = Vec::new();
    while let Some(page) = bounded(pages.page()).await.expect("a page") {
        found.extend(page.messages);
    }
    assert_eq!(found, ["one", "two"]);
}

#[tokio::test]
async fn numbered_pages_end_with_an_empty_one() {
    let server = Server::start(|asked| {
        Answer::json(match asked.query() {
            "size=2" | "size=2&page=1" => "[1,2]",
            "size=2&page=2" => "[3]",
            _ => "[]",
        })
    });
    for query in ["size=2", "size=2&page=1"] {
        let pages = read(format!("{}/?{query}", server.url())).await.expect("a page");
        assert_eq!(all::<u8, ByNumber>(pages).await.expect("pages"), [1, 2, 3]);
    }
}

#[request(get = "{base}/list", session = SESSION, timeout = 1500ms)]
async fn slowly(base: &str, #[response] mut pages: Pages<Vec<u8>>) -> Result<usize, Error> {
    let mut count = 0;
    while let Some(page) = pages.page().await? {
        count += page.len();
    }
    Ok(count)
}

/// The timeout of the call applies to each page, also to pages that a body reads.
#[tokio::test]
async fn each_page_read_by_a_body_has_the_timeout_of_the_call() {
    let server = Server::start(|asked| {
        Answer::Late(Duration::from_millis(700), Box::new(listed(asked, &["[1]", "[2]", "[3]"])))
    });
    assert_eq!(slowly(&server.url()).await.expect("pages"), 3);
}

#[request(get = "{base}/list", session = SESSION)]
async fn list(base: &str) -> Result<Pages<Vec<u8>>, Error>;

#[request(
    get = "{base}/list",
    session = SESSION,
    on_error(Status(404) => recover(0), e @ Decode => recover(e.body().len())),
)]
async fn sum(base: &str, #[response] pages: Pages<Vec<u8>>) -> Result<usize, Error> {
    let mut items = pages.items();
    let mut sum = 0;
    while let Some(item) = items.item().await? {
        sum += usize::from(item);
    }
    Ok(sum)
}

#[tokio::test]
async fn a_function_returns_pages_and_handles_errors_of_the_first() {
    let server = Server::start(|asked| listed(asked, &["[1]", "[2]"]));
    let mut pages = list(&server.url()).await.expect("a page");
    assert_eq!(bounded(pages.page()).await.expect("a page"), Some(vec![1]));
    assert_eq!(sum(&server.url()).await.expect("a sum"), 3);
    assert_eq!(sum(&Server::always(Answer::new(404, "")).url()).await.expect("recovered"), 0);
    assert_eq!(sum(&Server::always(Answer::json("{}")).url()).await.expect("recovered"), 2);
}
