//! Arguments with any name and any pattern are sent.

use backstop::{Error, FromResponseParts, HeaderMap, Json, Response, StatusCode, Version, request};

use super::base;
use crate::support::{SESSION, User};

#[request(get = "{base}/{type}/{match}?fn={fn}", session = SESSION)]
async fn raw_identifiers(
    base: &str,
    r#type: u8,
    r#match: &str,
    r#fn: Option<u8>,
) -> Result<String, Error>;

#[tokio::test]
async fn raw_identifiers_lose_their_prefix() {
    assert_eq!(raw_identifiers(&base(), 1, "m", Some(3)).await.expect("200"), "/1/m?fn=3");
}

struct Point {
    x: i32,
    y: i32,
}

#[request(get = "{base}/{x}/{y}/{a}/{count}", session = SESSION)]
async fn patterns(
    base: &str,
    Point { x, y }: Point,
    (a, _): (u8, u8),
    mut count: u8,
    #[response] (status, text): (StatusCode, String),
) -> Result<(StatusCode, String, u8), Error> {
    count += a;
    Ok((status, text, count))
}

#[tokio::test]
async fn arguments_may_be_patterns() {
    let (status, target, count) =
        patterns(&base(), Point { x: -1, y: 2 }, (3, 4), 5).await.expect("200");
    assert_eq!((status.as_u16(), target.as_str(), count), (200, "/-1/2/3/5", 8));
}

#[request(get = "{base}/users/{id}", session = SESSION)]
async fn several_from_the_response(
    base: &str,
    #[response] status: StatusCode,
    id: u8,
    #[response] Json(user): Json<User>,
) -> Result<(StatusCode, User), Error> {
    Ok((status, user))
}

#[tokio::test]
async fn several_arguments_are_filled_from_the_response() {
    let (status, user) = several_from_the_response(&base(), 7).await.expect("200");
    assert_eq!((status.as_u16(), user.id), (200, 7));
}

#[request(get = "{base}/{id}", session = SESSION)]
async fn unused(base: &str, id: u8, _reserved: u8) -> Result<String, Error>;

#[tokio::test]
async fn an_argument_may_start_with_an_underscore() {
    assert_eq!(unused(&base(), 1, 2).await.expect("200"), "/1");
}

/// The maximum number of arguments: the last one reads the body, and one is a pattern.
#[request(get = "{base}/users/7", session = SESSION, on_error = log)]
async fn five(
    base: &str,
    #[response] status: StatusCode,
    #[response] version: Version,
    #[response] again: StatusCode,
    #[response] headers: HeaderMap,
    #[response] Json(User { id, .. }): Json<User>,
) -> Result<u64, Error> {
    assert_eq!((status, version), (again, Version::HTTP_11));
    assert!(headers.contains_key("content-type"));
    Ok(id)
}

#[tokio::test]
async fn five_response_arguments_are_read() {
    assert_eq!(five(&base()).await.expect("Ada"), 7);
}

#[request(get = "{base}/{a}", session = SESSION)]
async fn under_cfg(
    base: &str,
    #[cfg(test)] a: u8,
    #[cfg(not(test))] a: &str,
    #[cfg(not(test))] b: u8,
) -> Result<String, Error>;

#[request(get = "{base}/a", session = SESSION, on_error = log)]
async fn with_lint_attributes(
    base: &str,
    #[expect(unused_variables)]
    #[response]
    status: StatusCode,
    #[response]
    #[allow(unused_mut)]
    mut text: String,
) -> Result<String, Error> {
    Ok(text)
}

struct Remaining(String);

impl FromResponseParts for Remaining {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(Self(format!("{}", response.status())))
    }
}

#[request(get = "{base}/a", session = SESSION)]
async fn head_alone(base: &str, #[response] left: Remaining) -> Result<String, Error> {
    Ok(left.0)
}

#[request(get = "{base}/a", session = SESSION, on_error = log)]
async fn head_last(
    base: &str,
    #[response] status: StatusCode,
    #[response] left: Remaining,
) -> Result<String, Error> {
    Ok(format!("{} {}", status.as_u16(), left.0))
}

#[request(get = "{base}/a", session = SESSION)]
async fn head_returned(base: &str) -> Result<Remaining, Error>;

#[request(get = "{base}/a", session = SESSION, on_error = log)]
async fn head_returned_handled(base: &str) -> Option<Remaining>;

#[request(get = "{base}/a", session = SESSION, fallback = Remaining(String::new()))]
async fn head_returned_alone(base: &str) -> Remaining;

#[tokio::test]
async fn cfg_attributes_remove_arguments() {
    assert_eq!(under_cfg(&base(), 7).await.expect("200"), "/7");
}

#[tokio::test]
async fn lint_attributes_apply_to_response_arguments() {
    assert_eq!(with_lint_attributes(&base()).await.expect("200"), "/a");
}

#[tokio::test]
async fn a_from_response_parts_type_may_be_alone_or_last() {
    assert_eq!(head_alone(&base()).await.expect("200"), "200 OK");
    assert_eq!(head_last(&base()).await.expect("200"), "200 200 OK");
}

#[tokio::test]
async fn a_from_response_parts_type_may_be_the_return_type() {
    assert_eq!(head_returned(&base()).await.expect("200").0, "200 OK");
    assert_eq!(head_returned_handled(&base()).await.expect("200").0, "200 OK");
    assert_eq!(head_returned_alone(&base()).await.0, "200 OK");
}
