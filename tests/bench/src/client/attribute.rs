//! With the attribute, and every default that keeps a request safe.

use std::{hint::black_box, sync::LazyLock};

use backstop::{Ending, Error, Json, Session, request};
use serde::Serialize;

use super::User;

#[request(get = "http://127.0.0.1:18640/users/{id}")]
pub(super) async fn user(id: u64) -> Result<User, Error>;

#[request(get = "http://127.0.0.1:18640/missing/{id}")]
pub(super) async fn missing(id: u64) -> Result<User, Error>;

#[request(
    get = "http://127.0.0.1:18640/flaky/{id}",
    retry(times = 3, backoff(0ms..0ms)),
)]
pub(super) async fn flaky(id: u64) -> Result<User, Error>;

#[request(get = "/users/{id}", session = api())]
pub(super) async fn based(id: u64) -> Result<User, Error>;

#[request(get = "http://127.0.0.1:18640/users/{id}", session = Session::new())]
pub(super) async fn fresh(id: u64) -> Result<User, Error>;

#[request(
    get = "http://127.0.0.1:18640/users/{id}",
    on_error(
        Connect => print,
        Status(404) => recover(None),
        _ => log,
    ),
    cleanup = release(),
)]
pub(super) async fn handled(
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<Option<User>, Error> {
    Ok(Some(user))
}

#[request(
    post = "/users/{id}?page={page}",
    session = api(),
    query = filter,
    header("x-request-id" = id),
    bearer = "s3cret",
    json = user,
    expect(200..=299 | 304),
    timeout(total = 30s, attempt = 10s, idle = 20s),
    max_body = 16MiB,
    on_error(
        Connect => print,
        error @ Status(404) => note(error),
        _ => log,
    ),
    fallback = None,
    cleanup = release(),
    finally = ended,
)]
pub(super) async fn every_key(
    id: u64,
    page: Option<u8>,
    filter: &Filter,
    user: &User,
    #[response] Json(user): Json<User>,
) -> Result<Option<User>, Error> {
    Ok(Some(user))
}

#[derive(Debug, Serialize)]
pub(super) struct Filter {
    pub(super) name: &'static str,
    pub(super) limit: Option<u32>,
}

fn api() -> &'static Session {
    static API: LazyLock<Session> = LazyLock::new(|| {
        Session::builder().base_url("http://127.0.0.1:18640").build().expect("the URL is good")
    });
    &API
}

fn note(error: &Error) {
    black_box(error);
}

fn release() {
    black_box(());
}

fn ended(ending: Ending) {
    black_box(ending);
}
