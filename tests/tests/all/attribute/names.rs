//! Names that the expansion uses, defined by the user with another meaning.

#![allow(dead_code, non_camel_case_types, non_snake_case, reason = "they only have to be in scope")]

use backstop::request;

use super::base;
use crate::support::SESSION;

struct Result<T>(T);
struct Option;
struct Box;
struct Error;
struct ErrorKind;
struct Session;
struct Request;
struct Response;
struct Outcome;
struct Failure;
struct Finally;
struct Ending;
struct Duration;
struct core;
struct std;
mod backstop_macros {}

fn Ok() {}
fn Err() {}
fn Some() {}
fn None() {}
fn drop() {}

type Answer = ::core::result::Result<::std::string::String, ::backstop::Error>;

#[request(get = "{base}/x", session = SESSION)]
async fn simple(base: &str) -> Answer;

#[request(
    get = "{base}/{id}",
    session = SESSION,
    timeout = 5s,
    expect(200..=299),
    on_error(
        Connect(Dns) => log,
        e @ Status(404) if e.is_status() => recover(::std::string::String::new()),
        _ => print,
    ),
    fallback = ::std::string::String::new(),
    cleanup = Ok,
    finally = |_| None(),
)]
async fn handled(base: &str, id: u8, #[response] text: ::std::string::String) -> Answer {
    if text.is_empty() {
        return ::core::result::Result::Err(::backstop::Error::new(
            ::backstop::ErrorKind::Protocol,
        ));
    }
    ::core::result::Result::Ok(text)
}

#[tokio::test]
async fn the_user_s_names_may_shadow_the_prelude() {
    assert_eq!(simple(&base()).await.unwrap_or_default(), "/x");
    assert_eq!(handled(&base(), 1).await.unwrap_or_default(), "/1");
}
