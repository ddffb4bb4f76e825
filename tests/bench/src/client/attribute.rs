//! With the attribute, and every default that keeps a request safe.

use std::{hint::black_box, sync::LazyLock};

use backstop::{BodyStream, Ending, Error, FromResponse as _, Json, Request, Session, request};
use bytes::Bytes;
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
    get = "http://127.0.0.1:18640/users/{id}?page={page}&sort={sort}&fields={fields}",
    header("accept-language" = "en", "x-request-id" = id, "x-tenant" = "analytical"),
    bearer = "s3cret",
)]
pub(super) async fn listed(id: u64, page: &str, sort: &str, fields: &str) -> Result<User, Error>;

#[request(post = "http://127.0.0.1:18640/users/{id}", json = user)]
pub(super) async fn replaced(id: u64, user: &User) -> Result<User, Error>;

#[request(get = "http://127.0.0.1:18640/redirects/5?id={id}")]
pub(super) async fn redirected(id: u64) -> Result<User, Error>;

#[request(get = "http://127.0.0.1:18640/large/{id}")]
pub(super) async fn bytes(id: u64) -> Result<Bytes, Error>;

#[request(get = "http://127.0.0.1:18640/large/{id}")]
pub(super) async fn streamed(id: u64, #[response] mut body: BodyStream) -> Result<usize, Error> {
    let mut length = 0;
    while let Some(part) = body.part().await? {
        length += part.len();
    }
    Ok(length)
}

#[request(get = "http://127.0.0.1:18640/large/{id}")]
pub(super) async fn users(id: u64) -> Result<Vec<User>, Error>;

#[request(get = "http://127.0.0.1:18640/held/{all}")]
pub(super) async fn held(all: u64) -> Result<User, Error>;

#[request(get = "{base}/users/{id}")]
pub(super) async fn at_base(base: &str, id: u64) -> Result<User, Error>;

#[request(get = "http://127.0.0.1:18640/users/{id}", session = over_reqwest())]
pub(super) async fn user_over_reqwest(id: u64) -> Result<User, Error>;

/// With 90 headers, which an attribute would list.
pub(super) async fn with_headers(id: u64, headers: &[(String, String)]) -> Result<User, Error> {
    let mut request = Request::get("http://127.0.0.1:18640/users/{id}").path("id", &id);
    for (name, value) in headers {
        request = request.header(name, value.as_str());
    }
    let response = Session::shared().fetch(request).await?;
    Json::from_response(response).map(|Json(user)| user)
}

/// With a URL that is put together as the program runs.
pub(super) async fn at_url(url: String) -> Result<User, Error> {
    let response = Session::shared().fetch(Request::get(url)).await?;
    Json::from_response(response).map(|Json(user)| user)
}

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

fn over_reqwest() -> &'static Session {
    static SESSION: LazyLock<Session> = LazyLock::new(|| {
        Session::builder().use_reqwest(true).build().expect("there is nothing to refuse")
    });
    &SESSION
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
