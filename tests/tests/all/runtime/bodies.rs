//! Bodies of requests, and bodies of responses that are read as they arrive.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use backstop::{
    Body, BodyError, BodyStream, BuildError, Bytes, ErrorKind, FromResponse, Request, reqwest,
};
use backstop_tests::{Answer, Server};
use futures_core::Stream;

use crate::support::{ADA, User, bounded, fetch, fetch_with, gzip, session};

/// A stream of parts, the last of which may be an error.
struct Parts(VecDeque<io::Result<&'static str>>);

impl Stream for Parts {
    type Item = io::Result<&'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

fn parts(parts: impl IntoIterator<Item = io::Result<&'static str>>) -> Body {
    Body::from_stream(Parts(parts.into_iter().collect()))
}

#[tokio::test]
async fn every_kind_of_body_arrives() {
    let server = Server::always(Answer::new(200, ""));
    let post = || Request::post(server.url());
    let ada = User { id: 7, name: "Ada".into() };
    for (request, content_type, body) in [
        (post().json(&ada), "application/json", ADA),
        (
            post().form(&[("a", "1 2"), ("b", "ä")]),
            "application/x-www-form-urlencoded",
            "a=1+2&b=%C3%A4",
        ),
        (post().text("hällo"), "text/plain; charset=utf-8", "hällo"),
        (post().body("raw"), "", "raw"),
        (post().body(Bytes::from_static(b"raw")), "", "raw"),
        (post().body(b"raw".to_vec()), "", "raw"),
        (post().body(reqwest::Body::from("raw")), "", "raw"),
        (post().body(parts([Ok("one "), Ok("two")])), "", "one two"),
        (
            post().json(&ada).header("content-type", "application/vnd.api+json"),
            "application/vnd.api+json",
            ADA,
        ),
        (
            post().header("content-type", "application/vnd.api+json").json(&ada),
            "application/vnd.api+json",
            ADA,
        ),
    ] {
        fetch(request).await.expect(body);
        let asked = server.last();
        assert_eq!((asked.header("content-type"), asked.text()), (content_type, body));
        assert!(asked.headers.get_all("content-type").iter().count() <= 1);
    }
}

#[tokio::test]
async fn a_multipart_form_arrives_with_its_length() {
    let server = Server::always(Answer::new(200, ""));
    let form = reqwest::multipart::Form::new()
        .text("name", "Ada")
        .part("file", reqwest::multipart::Part::bytes(b"content".to_vec()).file_name("a.txt"));
    fetch(Request::post(server.url()).multipart(form)).await.expect("200");
    let asked = server.last();
    assert!(asked.header("content-type").starts_with("multipart/form-data; boundary="));
    assert_eq!(asked.header("content-length"), asked.body.len().to_string());
    assert!(asked.text().contains("filename=\"a.txt\"") && asked.text().contains("content"));
}

#[tokio::test]
async fn a_failed_request_stream_is_a_build_error() {
    let server = Server::always(Answer::new(200, ""));
    let broken = parts([Ok("one"), Err(io::Error::other("disk on fire"))]);
    let error = fetch(Request::post(server.url()).body(broken)).await.expect_err("a broken stream");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    assert_eq!(error.sent(), backstop::Sent::Maybe);
    assert!(format!("{error:#}").contains("disk on fire"), "{error:#}");
}

/// A body may be the response to another request, whose connect error is not one of this request.
#[tokio::test]
async fn a_connect_error_of_a_request_stream_is_a_build_error() {
    struct Refused(Option<reqwest::Error>);

    impl Stream for Refused {
        type Item = reqwest::Result<&'static str>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.take().map(Err))
        }
    }

    let url = "http://127.0.0.1:1/?key=secret";
    let refused = reqwest::get(url).await.expect_err("nothing listens");
    let server = Server::always(Answer::new(200, ""));
    let body = Body::from_stream(Refused(Some(refused)));
    let error = fetch(Request::post(server.url()).body(body)).await.expect_err("a broken stream");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    assert_eq!(error.sent(), backstop::Sent::Maybe);
    let shown = format!("{error:#} {error:?}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn the_last_body_replaces_the_others_and_sets_its_content_type() {
    let server = Server::always(Answer::new(200, ""));
    let form = reqwest::multipart::Form::new().text("name", "Ada");
    fetch(Request::post(server.url()).multipart(form).json(&1)).await.expect("200");
    let asked = server.last();
    assert_eq!((asked.header("content-type"), asked.text()), ("application/json", "1"));

    let xml = session(|builder| builder.header("content-type", "application/xml"));
    fetch_with(&xml, Request::post(server.url()).json(&1)).await.expect("200");
    assert_eq!(server.last().header("content-type"), "application/json");
}

#[tokio::test]
async fn an_empty_body_has_a_length_of_zero() {
    let server = Server::always(Answer::new(200, ""));
    for request in [Request::post(server.url()), Request::put(server.url()).body("")] {
        fetch(request).await.expect("200");
        assert_eq!(server.last().header("content-length"), "0");
    }
    fetch(Request::get(server.url())).await.expect("200");
    assert_eq!(server.last().header("content-length"), "");
}

#[tokio::test]
async fn an_open_body_is_read_part_by_part() {
    let server = Server::always(Answer::Raw(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
            .to_vec(),
    ));
    let request = Request::get(server.url()).reads::<BodyStream>();
    let mut body = BodyStream::from_response(fetch(request).await.expect("200")).expect("a stream");
    let mut text = Vec::new();
    while let Some(part) = bounded(body.part()).await.expect("a part") {
        assert!(!part.is_empty());
        text.extend_from_slice(&part);
    }
    assert_eq!(text, b"onetwo");
    assert_eq!(body.part().await.expect("the end again"), None);
}

/// `{"id":7,"name":"Ada"}` as two gzip members, one for each half.
fn two_members() -> Vec<u8> {
    let halves = ADA.as_bytes().split_at(9);
    [gzip(halves.0), gzip(halves.1)].concat()
}

#[tokio::test]
async fn a_compressed_response_is_requested_and_read_completely() {
    let server = Server::start(|asked| {
        Answer::json(two_members())
            .header("content-encoding", "gzip")
            .header("x-asked", asked.header("accept-encoding"))
    });
    let response = fetch(Request::get(server.url())).await.expect("200");
    assert_eq!(response.json::<User>().expect("Ada").name, "Ada");
    assert_eq!(response.headers()["x-asked"], "zstd, gzip, deflate, br");
    for name in ["content-encoding", "content-length"] {
        assert!(!response.headers().contains_key(name), "{name} describes the coded body");
    }

    let mut body =
        fetch(Request::get(server.url()).streaming(true)).await.expect("200").into_stream();
    let mut text = Vec::new();
    while let Some(part) = bounded(body.part()).await.expect("a part") {
        text.extend_from_slice(&part);
    }
    assert_eq!(text, ADA.as_bytes());
}

#[tokio::test]
async fn an_accept_encoding_of_the_caller_is_kept() {
    let server = Server::always(Answer::new(200, ""));
    let get = || Request::get(server.url());
    for (request, asked) in [
        (get().header("accept-encoding", "identity"), "identity"),
        (get().header("range", "bytes=9-"), ""),
    ] {
        fetch(request).await.expect("200");
        assert_eq!(server.last().header("accept-encoding"), asked);
    }
    let plain = session(|builder| builder.header("accept-encoding", "identity"));
    fetch_with(&plain, get()).await.expect("200");
    assert_eq!(server.last().header("accept-encoding"), "identity");
}

/// The headers of HEAD and 304 describe another response, and part of a content (206) cannot be decoded.
#[tokio::test]
async fn a_response_without_a_body_keeps_its_content_headers() {
    let server = Server::start(|asked| {
        match asked.header("range") {
        "" => Answer::Raw(
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\ncontent-length: 99\r\n\r\n".to_vec(),
        ),
        _ => Answer::new(206, "part").header("content-encoding", "gzip"),
    }
    });
    let head = fetch(Request::head(server.url())).await.expect("200");
    assert_eq!(head.bytes().expect("none").len(), 0);
    assert_eq!(head.headers()["content-length"], "99");
    let part = fetch(Request::get(server.url()).header("range", "bytes=9-12")).await.expect("206");
    assert_eq!((&**part.bytes().expect("as it is"), part.headers().len()), (&b"part"[..], 2));
    let error = part.text().expect_err("not text");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Decompress));
}

#[tokio::test]
async fn a_body_that_the_user_s_client_leaves_compressed_is_decoded() {
    let server = Server::always(Answer::json(two_members()).header("content-encoding", "gzip"));
    let client = reqwest::Client::builder().no_gzip().no_brotli().no_deflate().no_zstd();
    let client = client.no_proxy().build().expect("a client");
    let response = fetch_with(&client.into(), Request::get(server.url())).await.expect("200");
    assert_eq!(response.text().expect("text"), ADA);
    assert_eq!(server.last().header("accept-encoding"), "", "it is the client's to ask");
}

#[tokio::test]
async fn a_buffered_body_is_a_stream_of_one_part() {
    let server = Server::always(Answer::new(200, "whole"));
    let mut body = fetch(Request::get(server.url())).await.expect("200").into_stream();
    assert_eq!(body.part().await.expect("a part").as_deref(), Some(&b"whole"[..]));
    assert_eq!(body.part().await.expect("the end"), None);
}

#[tokio::test]
async fn an_open_body_fails_with_the_facts_of_its_call() {
    let server =
        Server::always(Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart".to_vec()));
    let response = fetch(Request::get(server.url()).streaming(true)).await.expect("the head");
    assert_eq!(response.bytes().expect_err("left open").kind(), ErrorKind::Build(BuildError::Body));
    let mut body = response.into_stream();
    assert_eq!(bounded(body.part()).await.expect("a part").as_deref(), Some(&b"part"[..]));
    let error = bounded(body.part()).await.expect_err("cut short");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
    assert_eq!(error.template(), Some(&*server.url()));
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert_eq!(error.headers()["content-length"], "9");
    assert_eq!(body.part().await.expect("the end"), None);
}

#[tokio::test]
async fn an_open_body_has_the_limit_of_its_request() {
    let server = Server::always(Answer::new(200, "0123456789"));
    let request = Request::get(server.url()).streaming(true).max_body(4);
    let mut body = fetch(request).await.expect("the head").into_stream();
    let error = bounded(body.part()).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
}
