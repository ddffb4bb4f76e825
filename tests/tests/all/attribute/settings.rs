//! The other keys: the request that is sent, the statuses and the limits.

use std::{collections::BTreeMap, time::Duration};

use backstop::{
    Body, BodyError, Error, ErrorKind, HeaderMap, HeaderValue, Json, Method, Request, Response,
    Session, StatusCode, TimeoutError, request, reqwest,
    testing::{Script, request_of},
};
use backstop_tests::{Answer, Server};

use super::base;
use crate::support::{ADA, SESSION, User, session};

/// An address for scripts, which need no socket.
const URL: &str = "https://a.test/";

#[request(get = "{base}", session = SESSION)]
async fn get(base: &str) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION)]
async fn post(base: &str) -> Result<(), Error>;

#[request(put = "{base}", session = SESSION)]
async fn put(base: &str) -> Result<(), Error>;

#[request(patch = "{base}", session = SESSION)]
async fn patch(base: &str) -> Result<(), Error>;

#[request(delete = "{base}", session = SESSION)]
async fn delete(base: &str) -> Result<(), Error>;

#[request(head = "{base}", session = SESSION)]
async fn head(base: &str) -> Result<(), Error>;

#[request(options = "{base}", session = SESSION)]
async fn options(base: &str) -> Result<(), Error>;

#[request(method("PURGE") = "{base}", session = SESSION)]
async fn purge(base: &str) -> Result<(), Error>;

#[tokio::test]
async fn every_method_key_sends_its_method() {
    let script = Script::new();
    script.any(URL).times(8);
    let all = async {
        get(URL).await.expect("GET");
        post(URL).await.expect("POST");
        put(URL).await.expect("PUT");
        patch(URL).await.expect("PATCH");
        delete(URL).await.expect("DELETE");
        head(URL).await.expect("HEAD");
        options(URL).await.expect("OPTIONS");
        purge(URL).await.expect("PURGE");
    };
    script.run(all).await;
    let asked: Vec<_> = script.requests().iter().map(|asked| asked.method().to_string()).collect();
    assert_eq!(asked, ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE"]);
}

#[request(
    get = "{base}?a=1",
    session = SESSION,
    query = filter,
    header("x-one" = one, "x-two" = format!("{two}!"), "x-none" = none),
    bearer = token,
)]
async fn headers_and_query(
    base: &str,
    filter: &BTreeMap<&str, Option<u8>>,
    one: &str,
    two: u8,
    none: Option<String>,
    token: &str,
) -> Result<(), Error>;

#[request(get = "{base}", session = if other { &SESSION } else { Session::shared() }, bearer = token)]
async fn maybe_authorized(base: &str, other: bool, token: Option<&str>) -> Result<(), Error>;

#[tokio::test]
async fn without_a_token_there_is_no_authorization() {
    request_of(maybe_authorized(URL, true, None)).await.assert_no_header("authorization");
    request_of(maybe_authorized(URL, true, Some("abc")))
        .await
        .assert_header("authorization", "Bearer abc");
    let error = maybe_authorized(URL, true, Some("a\nb")).await.expect_err("a line");
    assert_eq!(error.kind(), ErrorKind::Build(backstop::BuildError::Header));
}

#[request(post = "{base}", session = SESSION, body = data)]
async fn borrowed_body(base: &str, data: &[u8]) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION, json = user)]
async fn sent_as_taken(base: &str, user: Json<User>) -> Result<(), Error>;

#[tokio::test]
async fn a_body_may_be_borrowed_or_moved() {
    assert_eq!(request_of(borrowed_body(URL, &[1, 2])).await.body()[..], [1, 2]);
    let ada = User { id: 7, name: "Ada".into() };
    request_of(sent_as_taken(URL, Json(ada))).await.assert_text(ADA);
}

#[request(get = "{base}", session = SESSION, basic(user, password))]
async fn basic(base: &str, user: &str, password: &str) -> Result<(), Error>;

#[tokio::test]
async fn query_headers_and_credentials_are_sent() {
    let filter = BTreeMap::from([("b", Some(2)), ("c", None)]);
    request_of(headers_and_query(URL, &filter, "1", 2, None, "s3cret"))
        .await
        .assert_url("https://a.test/?a=1&b=2")
        .assert_header("x-one", "1")
        .assert_header("x-two", "2!")
        .assert_no_header("x-none")
        .assert_header("authorization", "Bearer s3cret");
    request_of(basic(URL, "me", "pw")).await.assert_header("authorization", "Basic bWU6cHc=");
}

#[request(post = "{base}", session = SESSION, json = user)]
async fn json(base: &str, user: &User) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION, form = [("a", value)])]
async fn form(base: &str, value: &str) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION, text = text)]
async fn text(base: &str, text: String) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION, body = body)]
async fn body(base: &str, body: impl Into<Body>) -> Result<(), Error>;

#[request(
    post = "{base}",
    session = SESSION,
    multipart = reqwest::multipart::Form::new().text("name", name),
)]
async fn multipart(base: &str, name: String) -> Result<(), Error>;

#[tokio::test]
async fn every_body_key_sends_its_body() {
    let server = Server::always(Answer::new(200, ""));
    let url = server.url();
    json(&url, &User { id: 7, name: "Ada".into() }).await.expect("200");
    assert_eq!(server.last().text(), ADA);
    form(&url, "1 2").await.expect("200");
    assert_eq!(server.last().text(), "a=1+2");
    text(&url, "hello".into()).await.expect("200");
    assert_eq!(server.last().text(), "hello");
    body(&url, "raw").await.expect("200");
    assert_eq!(server.last().text(), "raw");
    multipart(&url, "Ada".into()).await.expect("200");
    assert!(server.last().text().contains("Ada"));
}

#[request(get = "{base}/status/{status}", session = SESSION, expect(200..=299 | 404))]
async fn tolerant(base: &str, status: u16) -> Result<StatusCode, Error>;

#[tokio::test]
async fn expect_sets_the_success_statuses() {
    assert_eq!(tolerant(&base(), 404).await.expect("expected"), 404);
    assert_eq!(tolerant(&base(), 204).await.expect("expected"), 204);
    assert_eq!(tolerant(&base(), 410).await.expect_err("410").kind(), ErrorKind::Status(410));
}

const PATIENCE: Duration = Duration::from_millis(60);

#[request(get = "{base}/stall", session = SESSION, timeout = 60ms)]
async fn total(base: &str) -> Result<(), Error>;

#[request(get = "{base}/stall", session = SESSION, timeout = PATIENCE)]
async fn by_expression(base: &str) -> Result<(), Error>;

#[request(get = "{base}/stall", session = SESSION, timeout(total = 10s, attempt = 0.06s, idle = 1m))]
async fn attempt(base: &str) -> Result<(), Error>;

#[request(get = "{base}", session = SESSION, timeout(idle = 60ms))]
async fn idle(base: &str) -> Result<String, Error>;

#[tokio::test]
async fn timeout_keys_set_their_timer() {
    for (error, timer) in [
        (total(&base()).await, TimeoutError::Total),
        (by_expression(&base()).await, TimeoutError::Total),
        (attempt(&base()).await, TimeoutError::Attempt),
    ] {
        assert_eq!(error.expect_err("a stall").kind(), ErrorKind::Timeout(timer));
    }
    let server =
        Server::always(Answer::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".to_vec()));
    let error = idle(&server.url()).await.expect_err("a stall");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}

#[request(get = "{base}", session = SESSION, max_body = 1KiB)]
async fn small(base: &str) -> Result<String, Error>;

#[tokio::test]
async fn max_body_limits_the_body() {
    let server = Server::always(Answer::new(200, "x".repeat(1025)));
    let error = small(&server.url()).await.expect_err("1025 bytes");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
    let server = Server::always(Answer::new(200, "x".repeat(1024)));
    assert_eq!(small(&server.url()).await.expect("1024 bytes").len(), 1024);
}

#[request(get = "{base}", session = SESSION, error_body = 4B)]
async fn little(base: &str) -> Result<u8, Error>;

#[tokio::test]
async fn error_body_limits_the_body_of_an_error() {
    for status in [200, 500] {
        let server = Server::always(Answer::new(status, "12345x"));
        let error = little(&server.url()).await.expect_err("no number, or an error status");
        assert_eq!((error.body(), error.is_body_cut()), (&"1234".into(), true), "{status}");
    }
}

#[request(get = "/v", session = Session::builder().no_proxy().base_url(base).build()?)]
async fn fresh(base: &str) -> Result<String, Error>;

#[request(get = "{base}/x", session = pick(&sessions, 1).await.clone())]
async fn awaited(base: &str, sessions: Vec<Session>) -> Result<Response, Error>;

async fn pick(sessions: &[Session], at: usize) -> &Session {
    &sessions[at]
}

#[request(get = "/mine")]
async fn shared(#[response] _text: String) -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn session_chooses_the_session() {
    assert_eq!(fresh(&base()).await.expect("200"), "/v");
    let sessions = vec![session(|builder| builder), session(|builder| builder)];
    assert_eq!(awaited(&base(), sessions).await.expect("200").status(), 200);
    // The shared session has no base URL, so nothing is sent.
    assert!(shared().await.expect_err("no base").is_build());
}

/// The attribute and a request that is built by hand send the same data.
#[tokio::test]
async fn the_attribute_and_the_runtime_api_send_the_same_request() {
    let server = Server::always(Answer::new(200, ""));
    json(&server.url(), &User { id: 7, name: "Ada".into() }).await.expect("200");
    let request = Request::new(Method::POST, "{base}")
        .base("base", &server.url())
        .json(&Json(User { id: 7, name: "Ada".into() }).0);
    SESSION.fetch(request).await.expect("200");
    let [one, two] = server.asked().try_into().expect("two requests");
    assert_eq!((one.target, one.headers, one.body), (two.target, two.headers, two.body));
}

#[request(post = "{base}", session = SESSION, json = &ids[1..])]
async fn json_of_a_slice(base: &str, ids: &[u8]) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION, json = text[1..])]
async fn json_of_text(base: &str, text: &str) -> Result<(), Error>;

#[request(post = "{base}", session = SESSION, form = &pairs[1..], query = pairs[..1])]
async fn pairs_of_a_slice(base: &str, pairs: &[(&str, u8)]) -> Result<(), Error>;

#[tokio::test]
async fn unsized_values_are_sent() {
    let server = Server::always(Answer::new(200, ""));
    json_of_a_slice(&server.url(), &[1, 2, 3]).await.expect("200");
    assert_eq!(server.last().text(), "[2,3]");
    json_of_text(&server.url(), "text").await.expect("200");
    assert_eq!(server.last().text(), "\"ext\"");
    pairs_of_a_slice(&server.url(), &[("a", 1), ("b", 2)]).await.expect("200");
    assert_eq!((server.last().text(), server.last().query()), ("b=2", "a=1"));
}

#[request(put = "{base}", session = SESSION, body = body, header("Content-Length" = length))]
async fn body_of_known_length(base: &str, body: Body, length: usize) -> Result<(), Error>;

#[tokio::test]
async fn a_body_may_declare_its_length() {
    let server = Server::always(Answer::new(200, ""));
    body_of_known_length(&server.url(), Body::from("abc"), 3).await.expect("200");
    assert_eq!((server.last().header("content-length"), server.last().text()), ("3", "abc"));
}

const TENANT: &str = "x-tenant";

#[request(
    get = "{base}",
    session = SESSION,
    headers = more,
    header(TENANT = "me", backstop::reqwest::header::ACCEPT = "text/plain", name = 3),
)]
async fn headers_by_name(base: &str, more: HeaderMap, name: &str) -> Result<(), Error>;

#[tokio::test]
async fn headers_are_given_by_name_or_in_a_map() {
    let server = Server::always(Answer::new(200, ""));
    let mut more = HeaderMap::new();
    for (name, value) in [("x-many", "1"), ("x-many", "2"), ("user-agent", "map")] {
        more.append(name, HeaderValue::from_static(value));
    }
    headers_by_name(&server.url(), more, "x-own").await.expect("200");
    let asked = server.last();
    let many: Vec<_> = asked.headers.get_all("x-many").iter().collect();
    assert_eq!(many, ["1", "2"]);
    let sent = ["x-tenant", "accept", "x-own", "user-agent"].map(|name| asked.header(name));
    assert_eq!(sent, ["me", "text/plain", "3", "map"]);
}

#[request(get = "https://a.test/one", max_redirects = redirects)]
async fn redirected(redirects: u32) -> Result<String, Error>;

#[request(get = "https://a.test/one", max_redirects = 0)]
async fn never_redirected() -> Result<String, Error>;

#[tokio::test]
async fn max_redirects_limits_the_redirects() {
    let script = Script::new();
    script.get("/one").reply(backstop::testing::Reply::redirect(302, "/two"));
    script.get("/two").reply(backstop::testing::Reply::redirect(302, "/three"));
    script.get("/three").text("here");
    assert_eq!(script.run(redirected(2)).await.expect("200"), "here");
    assert!(script.run(redirected(1)).await.expect_err("too many").is_redirect());
    let error = script.run(never_redirected()).await.expect_err("a redirect");
    assert_eq!(error.kind(), ErrorKind::Status(302));
}

#[request(get = "https://a.test/slow", deadline = end, timeout = 10s)]
async fn by(end: backstop::Deadline) -> Result<String, Error>;

#[tokio::test(start_paused = true)]
async fn the_deadline_key_ends_the_call() {
    let script = Script::new();
    script.get("/slow").delay(Duration::from_secs(5)).text("late");
    let error =
        script.run(by(backstop::Deadline::after(Duration::from_secs(1)))).await.expect_err("late");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
    assert_eq!(script.run(by(backstop::Deadline::NONE)).await.expect("200"), "late");
}
