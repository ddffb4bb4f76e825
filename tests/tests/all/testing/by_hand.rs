//! Responses and errors that are built by hand.

use std::{error::Error as _, io, time::Duration};

use backstop::{
    BodyError, ConnectError, Deadline, DecodeError, Error, ErrorKind, HeaderMap, Json, Method,
    Response, Sent, StatusCode, Version,
};
use serde_json::json;

use crate::support::User;

#[test]
fn a_built_response_has_every_given_fact() {
    let response = Response::builder()
        .status(203)
        .version(Version::HTTP_2)
        .header("x-id", "7")
        .url("https://api.test/users/7?key=secret")
        .method(Method::PUT)
        .template("https://api.test/users/{id}")
        .attempts(3)
        .deadline(Deadline::after(Duration::from_secs(9)))
        .json(&json!({"id": 7, "name": 1}));
    assert_eq!((response.status().as_u16(), response.version()), (203, Version::HTTP_2));
    assert_eq!(response.headers()["x-id"], "7");
    assert_eq!(response.content_type().as_deref(), Some("application/json"));
    assert_eq!(response.url().as_str(), "https://api.test/users/7?key=secret");
    assert_eq!(response.attempts(), 3);
    assert!(response.deadline().remaining().is_some());
    let error = response.read::<Json<User>>().expect_err("a name is text");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape));
    assert_eq!(error.decode_path(), Some("$.name"));
    assert_eq!((error.method(), error.attempts()), (Some(&Method::PUT), 3));
    assert_eq!(error.template(), Some("https://api.test/users/{id}"));
    assert_eq!(error.url().map(|url| url.as_str()), Some("https://api.test/users/7?key=REDACTED"));
}

#[test]
fn a_response_of_another_client_can_be_read() {
    let other = http::Response::builder().status(201).header("content-type", "application/json");
    let response = Response::from(other.body(r#"{"id":7,"name":"Ada"}"#).expect("a response"));
    assert_eq!(response.status(), 201);
    let Json(user) = response.read::<Json<User>>().expect("a user");
    assert_eq!(user.name, "Ada");
    assert_eq!(Response::builder().empty().bytes().expect("nothing"), "");
    assert_eq!(Response::builder().body("text").text().expect("text"), "text");
}

#[test]
fn a_built_error_has_every_given_fact() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", "9".parse().expect("a header"));
    let first = Error::new(ConnectError::Dns.into());
    let error = Error::new(BodyError::Truncated.into())
        .with_method(Method::POST)
        .with_template("https://me:pw@api.test/orders/{id}?key=secret")
        .with_url(&"https://me:pw@api.test/orders/7?key=secret".parse().expect("a URL"))
        .with_status(StatusCode::ACCEPTED)
        .with_headers(headers)
        .with_body("the start")
        .with_decode_path("$.items[0]")
        .with_source(io::Error::from(io::ErrorKind::ConnectionReset))
        .with_previous(first)
        .with_attempts(4)
        .with_elapsed(Duration::from_secs(3))
        .with_sent(Sent::Maybe);
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
    assert_eq!(error.method(), Some(&Method::POST));
    assert_eq!(error.template(), Some("https://api.test/orders/{id}?key=REDACTED"));
    assert_eq!(error.url().map(|url| url.as_str()), Some("https://api.test/orders/7?key=REDACTED"));
    assert_eq!(error.status(), Some(StatusCode::ACCEPTED));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert_eq!(error.body(), "the start");
    assert_eq!(error.decode_path(), Some("$.items[0]"));
    assert_eq!((error.attempts(), error.elapsed()), (4, Duration::from_secs(3)));
    assert_eq!(error.sent(), Sent::Maybe);
    assert!(error.source().is_some_and(|source| source.is::<io::Error>()));
    assert_eq!(error.previous().map(Error::kind), Some(ConnectError::Dns.into()));
    assert!(!format!("{error:#} {error:?}").contains("secret"));
}
