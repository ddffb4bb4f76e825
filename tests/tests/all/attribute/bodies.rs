//! The success step: a block, or the response decoded by type.

use std::sync::atomic::{AtomicU8, Ordering};

use backstop::{
    BodyStream, Bytes, DecodeError, Error, ErrorKind, FromResponse, HeaderMap, Json, Response,
    StatusCode, Version, request,
};
use serde::de::DeserializeOwned;

use super::base;
use crate::support::{ADA, SESSION, User};

type Own = User;

#[request(get = "{base}/users/7", session = SESSION)]
async fn user(base: &str) -> Result<User, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn alias(base: &str) -> Result<Own, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn optional(base: &str) -> Result<Option<User>, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn list(base: &str) -> Result<serde_json::Value, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn json(base: &str) -> Result<Json<User>, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn text(base: &str) -> Result<String, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn bytes(base: &str) -> Result<Bytes, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn vector(base: &str) -> Result<Vec<u8>, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn nothing(base: &str) -> Result<(), Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn response(base: &str) -> Result<Response, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn status(base: &str) -> Result<StatusCode, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn headers(base: &str) -> Result<HeaderMap, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn version(base: &str) -> Result<Version, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn stream(base: &str) -> Result<BodyStream, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn lines(base: &str) -> Result<Lines, Error>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn pair(base: &str) -> Result<(StatusCode, String), Error>;

/// Implements `FromResponse`.
struct Lines(usize);

impl FromResponse for Lines {
    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(Self(response.text()?.lines().count()))
    }
}

#[tokio::test]
async fn the_type_decides_how_a_response_is_read() {
    let base = &base();
    let ada = User { id: 7, name: "Ada".into() };
    assert_eq!(user(base).await.expect("JSON"), ada);
    assert_eq!(alias(base).await.expect("JSON"), ada);
    assert_eq!(optional(base).await.expect("JSON"), Some(ada.clone()));
    assert_eq!(list(base).await.expect("JSON")["id"], 7);
    assert_eq!(json(base).await.expect("JSON").0, ada);
    assert_eq!(text(base).await.expect("text"), ADA);
    assert_eq!(bytes(base).await.expect("bytes"), ADA);
    assert_eq!(vector(base).await.expect("bytes"), ADA.as_bytes());
    nothing(base).await.expect("nothing");
    assert_eq!(response(base).await.expect("itself").text().expect("text"), ADA);
    assert_eq!(status(base).await.expect("a status"), 200);
    assert_eq!(headers(base).await.expect("headers")["content-type"], "application/json");
    assert_eq!(version(base).await.expect("a version"), Version::HTTP_11);
    assert_eq!(
        stream(base).await.expect("a stream").part().await.expect("a part").expect("some"),
        ADA
    );
    assert_eq!(lines(base).await.expect("lines").0, 1);
    assert_eq!(pair(base).await.expect("both"), (StatusCode::OK, ADA.into()));
}

type Answer<T> = Result<T, Error>;

#[request(get = "{base}/users/{id}", session = SESSION)]
async fn generic<T: DeserializeOwned>(base: &str, id: u8) -> Answer<T>;

#[request(get = "{base}/users/7", session = SESSION)]
async fn reads_itself<T>(base: &str) -> Option<T>
where
    T: FromResponse;

#[tokio::test]
async fn the_bounds_of_a_generic_function_decide_how_a_response_is_read() {
    assert_eq!(generic::<User>(&base(), 7).await.expect("JSON").name, "Ada");
    let error = generic::<User>(&base(), 8).await.expect_err("another shape");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape));
    assert_eq!(error.decode_path(), Some("$.id"));
    assert_eq!(reads_itself::<Lines>(&base()).await.expect("lines").0, 1);
}

/// Code in a body behaves as in a plain function.
#[request(get = "{base}/users/{id}", session = SESSION, on_error = log(debug))]
async fn busy_body(
    base: &str,
    id: u8,
    names: &mut Vec<String>,
    #[response] Json(user): Json<User>,
) -> Result<Box<dyn std::fmt::Display + Send>, Box<dyn std::error::Error + Send + Sync>> {
    if user.id != u64::from(id) {
        return Err("another user".into());
    }
    let number: u8 = "12".parse()?;
    for step in 0..number {
        if step == 3 {
            break;
        }
        tokio::task::yield_now().await;
    }
    names.push(user.name);
    if names.len() > 1 {
        return Ok(Box::new(names.len()));
    }
    Ok(Box::new(names[0].clone()))
}

#[tokio::test]
async fn a_body_may_return_convert_wait_and_coerce() {
    let mut names = Vec::new();
    assert_eq!(busy_body(&base(), 7, &mut names).await.expect("Ada").to_string(), "Ada");
    assert_eq!(busy_body(&base(), 7, &mut names).await.expect("2").to_string(), "2");
    assert!(busy_body(&base(), 8, &mut names).await.is_err());
}

/// The future is `Send`, and small.
#[test]
fn futures_are_send_and_small() {
    fn is_send(_: &impl Send) {}
    let mut names = Vec::new();
    let simple = user("");
    let handled = busy_body("", 7, &mut names);
    is_send(&simple);
    is_send(&handled);
    assert!(size_of_val(&simple) <= 266, "{}", size_of_val(&simple));
}

#[request(get = "{base}/abc", session = SESSION, on_error = panic!("200"))]
async fn counts_in_a_loop(base: &str, counted: &AtomicU8, #[response] text: String) {
    let mut left = text.chars();
    loop {
        if left.next().is_none() {
            break;
        }
        counted.fetch_add(1, Ordering::Relaxed);
    }
}

#[request(get = "{base}/abc", session = SESSION, finally = |_| { counted.fetch_add(8, Ordering::Relaxed); }, on_error = log)]
async fn counts_in_a_loop_with_a_value(base: &str, counted: &AtomicU8, #[response] text: String) {
    let mut left = text.chars();
    let _last = loop {
        if left.next().is_none() {
            break 1;
        }
        counted.fetch_add(1, Ordering::Relaxed);
    };
}

#[allow(clippy::diverging_sub_expression, reason = "the body is like that")]
#[request(get = "{base}/abc", session = SESSION, on_error = log)]
async fn fails_or_panics(base: &str, #[response] text: String) {
    let _ok = text.is_empty() || panic!("not empty");
}

#[tokio::test]
async fn a_body_that_returns_nothing_may_end_in_a_loop() {
    let counted = AtomicU8::new(0);
    counts_in_a_loop(&base(), &counted).await;
    assert_eq!(counted.swap(0, Ordering::Relaxed), 4, "the characters of /abc");
    counts_in_a_loop_with_a_value(&base(), &counted).await;
    assert_eq!(counted.load(Ordering::Relaxed), 12, "`finally` ran");
    let failed = tokio::spawn(async { fails_or_panics(&base()).await }).await;
    assert!(failed.is_err_and(|error| error.is_panic()));
}
