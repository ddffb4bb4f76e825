//! Requests as a server receives them, and responses as they are read.

use backstop::{
    BuildError, Bytes, DecodeError, Error, ErrorKind, FromResponse, HeaderMap, Json, Method,
    Request, Response, Sent, Session, StatusCode, Version,
};
use backstop_tests::{Answer, Server};

use crate::support::{ADA, User, fetch, fetch_with, gzip, session};

#[tokio::test]
async fn every_method_is_sent() {
    let server = Server::always(Answer::new(204, ""));
    let url = server.url();
    for (request, method) in [
        (Request::get(url.clone()), Method::GET),
        (Request::post(url.clone()), Method::POST),
        (Request::put(url.clone()), Method::PUT),
        (Request::patch(url.clone()), Method::PATCH),
        (Request::delete(url.clone()), Method::DELETE),
        (Request::head(url.clone()), Method::HEAD),
        (Request::options(url.clone()), Method::OPTIONS),
        (Request::method("PURGE", url.clone()), Method::from_bytes(b"PURGE").expect("a token")),
        (Request::new(Method::TRACE, url.clone()), Method::TRACE),
    ] {
        fetch(request).await.expect("204");
        assert_eq!(server.last().method, method);
    }
}

#[tokio::test]
async fn url_query_and_headers_arrive() {
    #[derive(serde::Serialize)]
    struct Filter<'a> {
        since: Option<u32>,
        until: Option<u32>,
        tag: &'a [&'a str],
    }

    let server = Server::always(Answer::new(200, ""));
    let request = Request::get("{base}/users/{id}/posts?sort=new&page={page}&skip={skip}")
        .base("base", &format!("{}/api/v1/", server.url()))
        .path("id", &"a/b c")
        .query_param("page", &2)
        .query_param("skip", &None::<u32>)
        .query(&Filter { since: Some(5), until: None, tag: &["x", "y&z"] })
        .query(&[("last", true)])
        .header("x-tenant", "acme")
        .header("x-none", None::<&str>)
        .header("x-number", Some(7))
        .header("x-both", "1")
        .header("x-both", "2")
        .bearer_auth("s3cret");
    fetch(request).await.expect("200");

    let asked = server.last();
    assert_eq!(asked.path(), "/api/v1/users/a%2Fb%20c/posts");
    assert_eq!(asked.query(), "sort=new&page=2&since=5&tag=x&tag=y%26z&last=true");
    assert_eq!(asked.header("x-tenant"), "acme");
    assert_eq!(asked.header("x-none"), "");
    assert_eq!(asked.header("x-number"), "7");
    assert_eq!(asked.headers.get_all("x-both").iter().count(), 2);
    assert_eq!(asked.header("authorization"), "Bearer s3cret");
    assert_eq!(asked.header("accept"), "*/*");
}

#[tokio::test]
async fn a_header_with_one_value_is_replaced() {
    let server = Server::always(Answer::new(200, ""));
    let request = Request::get(server.url())
        .bearer_auth("one")
        .header("authorization", "two")
        .header(http::header::USER_AGENT, "three")
        .header("user-agent", "four");
    fetch(request).await.expect("200");
    let asked = server.last();
    assert_eq!(asked.headers.get_all("authorization").iter().count(), 1);
    assert_eq!((asked.header("authorization"), asked.header("user-agent")), ("two", "four"));
}

#[tokio::test]
async fn basic_authentication_is_sent_from_the_key_or_the_url() {
    let server = Server::always(Answer::new(200, ""));
    fetch(Request::get(server.url()).basic_auth("me", "p:w")).await.expect("200");
    assert_eq!(server.last().header("authorization"), "Basic bWU6cDp3");

    let url = server.url().replace("http://", "http://me:p%40w@");
    fetch(Request::get(url)).await.expect("200");
    assert_eq!(server.last().header("authorization"), "Basic bWU6cEB3");
}

#[tokio::test]
async fn a_value_never_leaves_its_segment() {
    let server = Server::always(Answer::new(200, ""));
    for (value, path) in [
        ("../x", "/u/..%2Fx/end"),
        ("%2e%2e", "/u/%252e%252e/end"),
        ("a/b", "/u/a%2Fb/end"),
        ("a?b#c", "/u/a%3Fb%23c/end"),
        ("//host/x", "/u/%2F%2Fhost%2Fx/end"),
        (".\n.", "/u/.%0A./end"),
    ] {
        let request =
            Request::get("{base}/u/{v}/end").base("base", &server.url()).path("v", &value);
        fetch(request).await.expect(value);
        assert_eq!(server.last().target, path);
    }
    let sent = server.asked().len();
    for value in ["", ".", ".."] {
        let request =
            Request::get("{base}/u/{v}/end").base("base", &server.url()).path("v", &value);
        let error = fetch(request).await.expect_err(value);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment));
        assert_eq!((error.sent(), error.attempts()), (Sent::No, 0));
    }
    assert_eq!(server.asked().len(), sent, "nothing was sent");
}

#[tokio::test]
async fn an_invalid_part_is_a_build_error_and_nothing_is_sent() {
    struct Refuses;
    impl serde::Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("never"))
        }
    }

    let server = Server::always(Answer::new(200, ""));
    let get = || Request::get(server.url());
    for (request, leaf) in [
        (get().header("no spaces", "x"), BuildError::Header),
        (get().header("x", "a\r\nb: c"), BuildError::Header),
        (get().bearer_auth("a\nb"), BuildError::Header),
        (get().basic_auth("a:b", ""), BuildError::Header),
        (get().json(&Refuses), BuildError::Body),
        (get().form(&Refuses), BuildError::Body),
        (get().query(&Refuses), BuildError::Url),
        (get().query_param("x", &[[1]]), BuildError::Url),
        (get().path("id", &7), BuildError::Url),
        (Request::post(server.url()).text("abc").header("content-length", 2), BuildError::Header),
        (Request::get(format!("http://a%3Ab:pw@{}", &server.url()[7..])), BuildError::Header),
        (get().basic_auth("me", "line\n"), BuildError::Header),
        (Request::get("mailto:me@host"), BuildError::Url),
        (Request::get("http:///path"), BuildError::Url),
        (Request::get("http:/host/path"), BuildError::Url),
        (Request::get("http:path"), BuildError::Url),
        (Request::get("{base}/a").base("base", &"http:///path"), BuildError::Url),
        (
            (0..40_000).fold(get(), |request, at| request.header(format!("x-{at}"), at)),
            BuildError::Header,
        ),
        (Request::get(format!("{}/{}", server.url(), "x".repeat(70_000))), BuildError::Url),
        (Request::method("NO SPACES", server.url()), BuildError::Method),
        (Request::get("/relative"), BuildError::Url),
        (Request::get("ftp://host/"), BuildError::Url),
        (Request::get("http://"), BuildError::Url),
    ] {
        let mut shown = format!("{request:?}");
        shown.truncate(200);
        let error = fetch(request).await.expect_err(&shown);
        assert_eq!(error.kind(), ErrorKind::Build(leaf), "{shown}: {error:#}");
        assert_eq!((error.sent(), error.attempts()), (Sent::No, 0), "{shown}");
    }
    assert_eq!(server.connections(), 0);
}

/// A length that is not the body's, or another framing, would make the server read the next request on
/// the connection as the body, or the body as a request.
#[tokio::test]
async fn headers_that_would_smuggle_a_request_are_refused() {
    let server = Server::always(Answer::new(200, ""));
    let url = server.url();
    let bodiless = [
        Request::get(url.clone()),
        Request::head(url.clone()),
        Request::delete(url.clone()),
        Request::options(url.clone()),
        Request::post(url.clone()),
        Request::put(url.clone()).body(""),
        Request::method("PURGE", url.clone()),
    ];
    for request in bodiless {
        let shown = format!("{request:?}");
        let error = fetch(request.header("content-length", 40)).await.expect_err(&shown);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header), "{shown}");
        assert_eq!((error.sent(), error.attempts()), (Sent::No, 0), "{shown}");
    }
    let stream = || backstop::Body::from(backstop::reqwest::Body::wrap(String::from("hello")));
    let post = || Request::post(url.clone()).text("hello");
    let plain = || Request::get(url.clone());
    for request in [
        plain().header("content-length", ""),
        plain().header("content-length", "00"),
        plain().header("content-length", "+0"),
        plain().header("content-length", "0, 0"),
        post().header("content-length", "05"),
        post().header("content-length", "5, 5"),
        Request::post(url.clone()).body(stream()).header("content-length", "five"),
        Request::post(url.clone()).body(stream()).header("content-length", "5, 5"),
        Request::post(url.clone()).body(stream()).header("content-length", "18446744073709551616"),
        post().header("transfer-encoding", "chunked"),
        plain().header("transfer-encoding", "chunked"),
        Request::post(url.clone()).body(stream()).header("transfer-encoding", "gzip"),
        plain().header("upgrade", "h2c").header("connection", "upgrade"),
        plain().header("connection", "x-tenant"),
        plain().header("keep-alive", "timeout=5"),
        plain().header("te", "gzip"),
        plain().header("expect", "100-continue"),
    ] {
        let error = fetch(request).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header), "{error:#}");
    }
    for (name, value) in [("content-length", "40"), ("content-length", "5")] {
        let session = session(|builder| builder.header(name, value));
        let error = fetch_with(&session, plain()).await.expect_err("no body");
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header), "{error:#}");
    }
    for (name, value) in [("transfer-encoding", "chunked"), ("upgrade", "h2c")] {
        let refused = backstop::Session::builder().header(name, value).build().expect_err(name);
        assert_eq!(refused.kind(), ErrorKind::Build(BuildError::Header), "{name}");
    }
    assert_eq!(server.connections(), 0, "nothing was sent");

    // Headers that match the body are sent, and the connection is reused.
    let session = session(|builder| builder);
    for request in [
        plain().header("content-length", 0),
        Request::post(url.clone()).header("content-length", 0),
        post().header("content-length", 5),
        post().header("content-length", 1).header("content-length", 5),
        Request::post(url.clone()).body(stream()).header("content-length", 5),
        post().header("expect", "100-continue"),
        plain(),
    ] {
        fetch_with(&session, request).await.expect("200");
        assert!(server.last().headers.get_all("content-length").iter().count() <= 1);
    }
    assert_eq!(server.asked().len(), 7);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn repeated_cookies_and_keys_are_sent_as_one_header() {
    let server = Server::always(Answer::new(200, ""));
    let request = Request::post(server.url())
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .header("idempotency-key", "one")
        .header("idempotency-key", "two");
    fetch(request).await.expect("200");
    let asked = server.last();
    for (name, value) in [("cookie", "a=1; b=2"), ("idempotency-key", "two")] {
        assert_eq!(asked.headers.get_all(name).iter().collect::<Vec<_>>(), [value]);
    }
}

/// The error names the field that cannot be part of a query, in one line.
#[tokio::test]
async fn a_query_error_names_the_field() {
    let server = Server::always(Answer::new(200, ""));
    let query = |value: serde_json::Value| Request::get(server.url()).query(&value);
    for (request, path) in [
        (query(serde_json::json!({"filter": {"tags": [1]}})), "`filter.tags`"),
        (query(serde_json::json!({"a": 1, "tags": [1, [2]]})), "`tags[1]`"),
        (
            Request::get("{base}/?f={filter}")
                .base("base", &server.url())
                .query_param("filter", &serde_json::json!({"tags": [1]})),
            "`filter.tags`",
        ),
    ] {
        let error = fetch(request).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url));
        assert!(error.to_string().contains(path), "{error}");
    }
    let form = Request::post(server.url()).form(&serde_json::json!({"a": {"b": 1}}));
    let error = fetch(form).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    assert!(error.to_string().contains("`a.b`"), "{error}");

    let request = query(serde_json::json!({"a": null, "b": [1, null, 2], "c": ["x"]}));
    fetch(request.query(&[("pair", (1, 2))]).query(&()).query(&None::<u8>)).await.expect("200");
    assert_eq!(server.last().query(), "b=1&b=2&c=x&pair=1&pair=2");
}

#[tokio::test]
async fn each_from_response_type_is_read() {
    let server = Server::always(Answer::json(ADA).header("x-page", "3"));
    let read = async || fetch(Request::get(server.url())).await.expect("200");

    let Json(user) = Json::<User>::from_response(read().await).expect("JSON");
    assert_eq!(user, User { id: 7, name: "Ada".into() });
    assert_eq!(String::from_response(read().await).expect("text"), ADA);
    assert_eq!(Bytes::from_response(read().await).expect("bytes"), ADA);
    assert_eq!(Vec::from_response(read().await).expect("bytes"), ADA.as_bytes());
    assert_eq!(StatusCode::from_response(read().await).expect("a status"), 200);
    assert_eq!(Version::from_response(read().await).expect("a version"), Version::HTTP_11);
    assert_eq!(HeaderMap::from_response(read().await).expect("headers")["x-page"], "3");
    <()>::from_response(read().await).expect("nothing");

    let (status, headers, Json(user)) =
        <(StatusCode, HeaderMap, Json<User>)>::from_response(read().await).expect("all three");
    assert_eq!(
        (status.as_u16(), &headers["x-page"], user.id),
        (200, &"3".parse().expect("a value"), 7)
    );

    let response = Response::from_response(read().await).expect("itself");
    assert_eq!(response.url().as_str(), format!("{}/", server.url()));
    assert_eq!(response.content_type().as_deref(), Some("application/json"));
    assert_eq!(response.attempts(), 1);
}

#[tokio::test]
async fn a_decode_error_keeps_the_response() {
    let server = Server::always(Answer::json(r#"{"users":[{"id":1,"name":"a"},{"id":"x"}]}"#));
    let response = fetch(Request::get(server.url())).await.expect("200");
    let error =
        response.json::<std::collections::HashMap<String, Vec<User>>>().expect_err("another shape");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape));
    assert_eq!(error.decode_path(), Some("$.users[1].id"));
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert_eq!(error.headers()["content-type"], "application/json");
    assert!(error.body().starts_with(b"{\"users\""));
    assert_eq!(error.sent(), Sent::Yes);

    let server = Server::always(Answer::new(200, "<html>").header("content-type", "text/html"));
    let error =
        fetch(Request::get(server.url())).await.expect("200").json::<User>().expect_err("HTML");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::ContentType));
    assert!(error.to_string().contains("text/html"), "{error}");
}

#[tokio::test]
async fn a_status_error_keeps_the_response() {
    let server = Server::always(
        Answer::new(503, "x".repeat(10_000)).header("retry-after", "7").header("x-id", "3"),
    );
    let error = fetch(Request::get("{base}/a?key=secret").base("base", &server.url()))
        .await
        .expect_err("503");
    assert_eq!(error.kind(), ErrorKind::Status(503));
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(error.headers()["x-id"], "3");
    assert_eq!(error.body().len(), 8 * 1024);
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(7)));
    assert_eq!(error.method(), Some(&Method::GET));
    assert_eq!(error.template(), Some("{base}/a?key=REDACTED"));
    assert_eq!(
        error.to_string(),
        format!("GET {}/a?key=REDACTED: 503 Service Unavailable", server.url())
    );
    assert!(error.elapsed() > std::time::Duration::ZERO);

    #[derive(serde::Deserialize)]
    struct Problem {
        title: String,
    }
    let server = Server::always(Answer::new(409, r#"{"title":"taken"}"#));
    let error = fetch(Request::put(server.url())).await.expect_err("409");
    let problem: Problem = error.json().expect("the problem");
    assert_eq!(problem.title, "taken");
}

#[tokio::test]
async fn a_request_sets_the_statuses_that_count_as_success() {
    let server = Server::start(|asked| Answer::new(asked.path()[1..].parse().unwrap_or(500), ""));
    let get = |status: u16| {
        Request::get("{base}/{status}").base("base", &server.url()).path("status", &status)
    };
    assert_eq!(fetch(get(299)).await.expect("2xx").status(), 299);
    assert_eq!(fetch(get(404)).await.expect_err("4xx").kind(), ErrorKind::Status(404));
    let tolerant = |status| get(status).success_statuses(&[200..=299, 404..=404, 302..=302]);
    assert_eq!(fetch(tolerant(404)).await.expect("expected").status(), 404);
    assert_eq!(fetch(tolerant(302)).await.expect("not followed").status(), 302);
    assert_eq!(fetch(tolerant(410)).await.expect_err("410").kind(), ErrorKind::Status(410));
    assert_eq!(
        fetch(get(200).success_statuses(&[304..=304])).await.expect_err("200").kind(),
        ErrorKind::Status(200)
    );
}

/// The error knows whether its body is complete, for every end of a body.
#[tokio::test]
async fn an_error_says_whether_its_body_is_cut() {
    let json = format!(r#"{{"title":"{}"}}"#, "x".repeat(100));
    let chunked = |chunks: &[&str]| {
        let chunks: String =
            chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
        let head = "HTTP/1.1 500 No\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        Answer::Raw(format!("{head}{chunks}0\r\n\r\n").into_bytes())
    };
    let zipped = Answer::new(500, gzip(json.as_bytes())).header("content-encoding", "gzip");
    let short = format!("HTTP/1.1 500 No\r\ncontent-length: 999\r\n\r\n{json}").into_bytes();
    let length = json.len() as u64;
    for (answer, limit, kept, is_cut) in [
        (Answer::new(500, &*json), length, length, false),
        (Answer::new(500, &*json), length - 1, length - 1, true),
        (Answer::new(500, &*json), 0, 0, true),
        (Answer::new(500, ""), 0, 0, false),
        (chunked(&[&json]), length, length, false),
        (chunked(&[&json[..50], &json[50..]]), length, length, false),
        (chunked(&[&json[..50], &json[50..]]), 50, 50, true),
        (chunked(&[&json]), u64::MAX, length, false),
        (chunked(&[]), 0, 0, false),
        (zipped.clone(), length, length, false),
        (zipped, length - 1, length - 1, true),
        (Answer::Raw(short), 2000, length, true),
    ] {
        let shown = format!("{answer:?} {limit}");
        let server = Server::always(answer);
        let by_session = session(|builder| builder.error_body(limit));
        for error in [
            fetch(Request::get(server.url()).error_body(limit)).await.expect_err("500"),
            fetch_with(&by_session, Request::get(server.url())).await.expect_err("500"),
        ] {
            assert_eq!(error.body().len() as u64, kept, "{shown}");
            assert_eq!(error.is_body_cut(), is_cut, "{shown}");
            let decoded = error.json::<serde_json::Value>();
            match decoded {
                Ok(_) => assert_eq!(kept, length, "{shown}"),
                Err(error) if is_cut => {
                    assert!(error.to_string().contains("error_body"), "{shown}: {error}");
                }
                Err(_) => assert_eq!(kept, 0, "{shown}"),
            }
        }
    }
    // The request's own limit wins.
    let server = Server::always(Answer::new(500, "0123456789"));
    let by_session = session(|builder| builder.error_body(4));
    let request = Request::get(server.url()).error_body(8);
    assert_eq!(fetch_with(&by_session, request).await.expect_err("500").body().len(), 8);
}

#[test]
fn an_error_shows_its_chain_and_no_secret() {
    let inner = std::io::Error::other("disk on fire");
    let error =
        Error::new(ErrorKind::Build(BuildError::Body)).with_source(inner).with_body("hunter2");
    assert_eq!(error.to_string(), "the body could not be made");
    assert_eq!(format!("{error:#}"), "the body could not be made: disk on fire");
    let debug = format!("{error:?}");
    assert!(debug.contains("disk on fire") && !debug.contains("hunter2"), "{debug}");
}

/// Servers answer these with 400 (RFC 9112 §3.2), and proxies read them in different ways.
#[tokio::test]
async fn an_invalid_host_is_refused_from_every_source() {
    let server = Server::always(Answer::new(200, ""));
    let header = ErrorKind::Build(BuildError::Header);
    for host in
        ["", " ", "one.test two.test", "one.test, two.test", "me@one.test", "http://one.test"]
    {
        let request = Request::get(server.url()).header("Host", host);
        assert_eq!(fetch(request).await.expect_err(host).kind(), header, "{host:?}");

        let built = Session::builder().header("host", host).build();
        assert_eq!(built.expect_err(host).kind(), header, "{host:?}");

        let session = session(|builder| builder.prepare(move |hop| hop.set_header("host", host)));
        let error = fetch_with(&session, Request::get(server.url())).await.expect_err(host);
        assert_eq!(error.kind(), header, "{host:?}");
    }
    assert!(server.asked().is_empty());
    let request =
        Request::get(server.url()).header("host", "one.test").header("host", "two.test:81");
    fetch(request).await.expect("200");
    assert_eq!(server.last().header("host"), "two.test:81");
}

#[tokio::test]
async fn connect_and_trace_with_a_body_are_refused() {
    let server = Server::always(Answer::new(200, ""));
    for (request, leaf) in [
        (Request::method("CONNECT", server.url()), BuildError::Method),
        (Request::new(Method::CONNECT, server.url()).text("hello"), BuildError::Method),
        (Request::method("TRACE", server.url()).text("hello"), BuildError::Body),
        (Request::method("TRACE", server.url()).json(&1), BuildError::Body),
    ] {
        let error = fetch(request).await.expect_err("no request");
        assert_eq!(error.kind(), ErrorKind::Build(leaf), "{error:#}");
    }
    assert!(server.asked().is_empty());
    fetch(Request::method("TRACE", server.url())).await.expect("200");
    // Another method, because methods are case-sensitive.
    fetch(Request::method("connect", server.url())).await.expect("200");
}
