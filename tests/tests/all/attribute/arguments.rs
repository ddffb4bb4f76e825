//! Arguments: whatever they are called and however they are written, they are sent as given.

use backstop::{Error, HeaderMap, Json, StatusCode, Version, request};

use super::base;
use crate::support::{SESSION, User};

#[request(
    get = "{url}/{session}/{request}/{response}/{error}/{method}/{outcome}/{failure}/{reader}/{finally}/{ending}",
    session = SESSION,
    on_error = print,
    finally = |_| (),
)]
#[expect(clippy::too_many_arguments, reason = "every name that the expansion uses")]
async fn names_of_the_expansion(
    url: &str,
    session: u8,
    request: u8,
    response: u8,
    error: u8,
    method: u8,
    outcome: u8,
    failure: u8,
    reader: u8,
    finally: u8,
    ending: u8,
) -> Result<String, Error>;

#[request(
    get = "{url}/{session}/{request}/{response}/{error}/{method}/{outcome}",
    session = SESSION,
    on_error(e @ Connect => see((e, error, outcome)), _ => print),
    cleanup = see((session, request)),
)]
async fn names_of_the_expansion_in_a_body(
    url: &str,
    session: u8,
    request: u8,
    response: u8,
    error: u8,
    method: u8,
    outcome: u8,
    #[response] text: String,
) -> Result<(String, [u8; 6]), Error> {
    Ok((text, [session, request, response, error, method, outcome]))
}

fn see<T>(_: T) {}

#[tokio::test]
async fn no_name_is_taken() {
    let target = names_of_the_expansion(&base(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).await.expect("200");
    assert_eq!(target, "/1/2/3/4/5/6/7/8/9/10");
    let (target, seen) =
        names_of_the_expansion_in_a_body(&base(), 1, 2, 3, 4, 5, 6).await.expect("200");
    assert_eq!((target.as_str(), seen), ("/1/2/3/4/5/6", [1, 2, 3, 4, 5, 6]));
}

#[request(get = "{base}/{type}/{match}?fn={fn}", session = SESSION)]
async fn raw_identifiers(
    base: &str,
    r#type: u8,
    r#match: &str,
    r#fn: Option<u8>,
) -> Result<String, Error>;

#[tokio::test]
async fn raw_identifiers_are_named_without_their_mark() {
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
async fn a_name_may_say_that_it_is_not_used() {
    assert_eq!(unused(&base(), 1, 2).await.expect("200"), "/1");
}

/// As many as there can be; the last has the body, and one is taken apart.
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
async fn up_to_five_are_read() {
    assert_eq!(five(&base()).await.expect("Ada"), 7);
}
