//! Reading a response that was built by hand.

use http::HeaderValue;

use super::*;

fn response(content_type: Option<&'static str>, body: &'static str) -> Response {
    response_of(content_type, body.as_bytes())
}

fn response_of(content_type: Option<&'static str>, body: &'static [u8]) -> Response {
    let mut headers = HeaderMap::new();
    if let Some(content_type) = content_type {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    Response::new(
        Received {
            status: StatusCode::OK,
            version: Version::HTTP_11,
            headers,
            body: Body::Whole(body.into()),
            transferred: None,
        },
        "http://host/users?key=secret".parse().expect("a URL"),
        Vec::new(),
        CallFacts {
            deadline: Deadline::NONE,
            method: http::Method::GET,
            template: "http://host/users?key={key}".into(),
            attempts: 1,
            start: tokio::time::Instant::now(),
            error_body: 64,
            any_content_type: false,
            observed: None,
        },
    )
}

#[test]
fn json_is_read_by_its_content_type() {
    for content_type in
        [None, Some("application/json; charset=utf-8"), Some("Application/Problem+JSON")]
    {
        assert_eq!(response(content_type, "7").json::<u8>().expect("JSON"), 7, "{content_type:?}");
    }
    let error = response(Some("text/html"), "<html>").json::<u8>().expect_err("HTML");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::ContentType));
    assert_eq!(error.body(), "<html>");
}

#[test]
fn json_in_another_charset_needs_a_declaration() {
    let latin1: &'static [u8] = b"\"\xe9\"";
    let read = |content_type| response_of(Some(content_type), latin1).json::<String>();
    assert_eq!(read("application/json; charset=iso-8859-1").expect("decoded"), "é");
    let error = read("application/json").expect_err("not UTF-8");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Charset));
}

#[test]
fn json_in_utf_16_is_not_json() {
    let (le, be) = (b"{\0}\0".as_slice(), b"\0{\0}".as_slice());
    let (marked, unmarked) = (b"\xff\xfe{\0}\0".as_slice(), "{\"é\":".as_bytes());
    for (content_type, body) in [
        ("application/json; charset=utf-16", le),
        ("application/json; charset=UTF-16LE", le),
        ("application/json; charset=\"utf-16be\"", be),
        ("application/json; charset=utf-32", le),
        ("application/json", marked),
        ("application/json; charset=iso-8859-1", marked),
        ("application/json; charset=utf-16", unmarked),
    ] {
        let read = response_of(Some(content_type), body).json::<serde_json::Value>();
        let kind = read.expect_err(content_type).kind();
        assert_eq!(kind, ErrorKind::Decode(DecodeError::Charset), "{content_type}");
    }
    // UTF-8 is read with any content type.
    let read = response_of(Some("application/json; charset=utf-16"), b"7").json::<u8>();
    assert_eq!(read.expect("UTF-8"), 7);
}

#[test]
fn text_json_is_read_as_json() {
    assert_eq!(response(Some("text/json"), "7").json::<u8>().expect("JSON"), 7);
    assert_eq!(response(Some("Text/JSON; charset=utf-8"), "7").json::<u8>().expect("JSON"), 7);
    let error = response(Some("text/jsonp"), "7").json::<u8>().expect_err("another type");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::ContentType));
}

#[test]
fn an_error_has_the_facts_of_the_call() {
    let error = response(None, r#"{"id": "x"}"#).json::<u8>().expect_err("an object");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape));
    assert_eq!(error.method(), Some(&http::Method::GET));
    assert_eq!(error.template(), Some("http://host/users?key={key}"));
    assert_eq!(error.url().expect("a URL").as_str(), "http://host/users?key=REDACTED");
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert_eq!(error.sent(), Sent::Yes);
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.body(), r#"{"id": "x"}"#);
}

#[test]
fn an_error_keeps_the_body_up_to_its_limit() {
    for (length, is_cut) in [(63, false), (64, false), (65, true), (10_000, true)] {
        let error = response(None, "x".repeat(length).leak()).json::<u8>().expect_err("no JSON");
        assert_eq!((error.body().len(), error.is_body_cut()), (length.min(64), is_cut));
    }
}

/// A custom reader that fails with a given error.
struct Own;

impl FromResponse for Own {
    fn from_response(response: Response) -> Result<Self, Error> {
        let kind = ErrorKind::Decode(DecodeError::Syntax);
        Err(match &*response.text()? {
            "bare" => Error::new(kind).with_source("line 1"),
            "own" => response.error(kind).with_source("line 1"),
            "other" => response.json::<u8>().expect_err("no number"),
            "says" => Error::new(ErrorKind::Status(409)).with_body("its own"),
            _ => return Ok(Self),
        })
    }
}

impl crate::FromResponseParts for Own {
    fn from_response_parts(_: &Response) -> Result<Self, Error> {
        Err(Error::new(ErrorKind::Decode(DecodeError::Shape)))
    }
}

#[test]
fn an_error_of_a_custom_reader_has_the_facts_of_the_call() {
    for body in ["bare", "own", "other", "says"] {
        let response = || response(Some("application/json"), body);
        for read in [response().read::<Own>(), read::<Own>(Ok(response()))] {
            let error = read.err().expect(body);
            assert_eq!(error.method(), Some(&http::Method::GET), "{body}");
            assert_eq!(error.template(), Some("http://host/users?key={key}"), "{body}");
            assert_eq!(error.url().expect("a URL").path(), "/users", "{body}");
            assert_eq!(error.headers().len(), 1, "{body}");
            assert_eq!((error.attempts(), error.sent()), (1, Sent::Yes), "{body}");
            assert!(error.elapsed() > std::time::Duration::ZERO, "{body}");
            let (status, kept) = if body == "says" { (409, "its own") } else { (200, body) };
            assert_eq!(error.status().expect("a status"), status);
            assert_eq!(error.body(), kept);
        }
    }
    let tuple = response(None, "fine").read::<(Own, String)>().err().expect("of its part");
    assert_eq!((tuple.method(), tuple.body()), (Some(&http::Method::GET), &Bytes::from("fine")));
    let last = response(None, "bare").read::<(StatusCode, Own)>().err().expect("of its last");
    assert_eq!(last.status(), Some(StatusCode::OK));
    response(None, "fine").read::<Own>().expect("read");
}

#[test]
fn a_syntax_error_of_another_format_does_not_mention_json() {
    let error = response(None, "bare").read::<Own>().err().expect("refused");
    let shown = format!("{error:#}");
    assert!(!shown.contains("JSON") && shown.ends_with("the body is malformed: line 1"), "{shown}");
    let error = response(None, "x").json::<u8>().expect_err("no JSON");
    assert!(error.to_string().contains("not JSON at $"), "{error}");
}
