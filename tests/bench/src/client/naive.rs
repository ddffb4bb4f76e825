//! By hand on reqwest, as it is written most of the time: a shared client, its defaults, and no
//! timeouts or limits.

use std::sync::LazyLock;

use bytes::Bytes;
use reqwest::{Client, StatusCode};

use super::{User, attribute::Filter};

static CLIENT: LazyLock<Client> = LazyLock::new(Client::new);

pub(super) async fn user(id: u64) -> Result<User, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/users/{id}");
    CLIENT.get(url).send().await?.error_for_status()?.json().await
}

/// What a client returns that keeps the body of a response that is no success.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error("status {status}")]
    Status { status: StatusCode, body: Vec<u8> },
}

pub(super) async fn missing(id: u64) -> Result<User, Failed> {
    let url = format!("http://127.0.0.1:18640/missing/{id}");
    let response = CLIENT.get(url).send().await?;
    let status = response.status();
    if !status.is_success() {
        return Err(Failed::Status { status, body: response.bytes().await?.into() });
    }
    Ok(response.json().await?)
}

pub(super) async fn flaky(id: u64) -> Result<User, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/flaky/{id}");
    let mut retries = 3;
    loop {
        let response = CLIENT.get(&url).send().await?;
        if !response.status().is_server_error() || retries == 0 {
            return response.error_for_status()?.json().await;
        }
        retries -= 1;
        // Else its connection cannot be used again.
        response.bytes().await?;
    }
}

pub(super) async fn fresh(id: u64) -> Result<User, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/users/{id}");
    Client::new().get(url).send().await?.error_for_status()?.json().await
}

pub(super) async fn listed(
    id: u64,
    page: &str,
    sort: &str,
    fields: &str,
) -> Result<User, reqwest::Error> {
    let request = CLIENT
        .get(format!("http://127.0.0.1:18640/users/{id}"))
        .query(&[("page", page), ("sort", sort), ("fields", fields)])
        .header("accept-language", "en")
        .header("x-request-id", id)
        .header("x-tenant", "analytical")
        .bearer_auth("s3cret");
    request.send().await?.error_for_status()?.json().await
}

pub(super) async fn replaced(id: u64, user: &User) -> Result<User, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/users/{id}");
    CLIENT.post(url).json(user).send().await?.error_for_status()?.json().await
}

pub(super) async fn redirected(id: u64) -> Result<User, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/redirects/5?id={id}");
    CLIENT.get(url).send().await?.error_for_status()?.json().await
}

pub(super) async fn bytes(id: u64) -> Result<Bytes, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/large/{id}");
    CLIENT.get(url).send().await?.error_for_status()?.bytes().await
}

pub(super) async fn streamed(id: u64) -> Result<usize, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/large/{id}");
    let mut response = CLIENT.get(url).send().await?.error_for_status()?;
    let mut length = 0;
    while let Some(part) = response.chunk().await? {
        length += part.len();
    }
    Ok(length)
}

pub(super) async fn users(id: u64) -> Result<Vec<User>, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/large/{id}");
    CLIENT.get(url).send().await?.error_for_status()?.json().await
}

pub(super) async fn held(all: u64) -> Result<User, reqwest::Error> {
    let url = format!("http://127.0.0.1:18640/held/{all}");
    CLIENT.get(url).send().await?.error_for_status()?.json().await
}

pub(super) async fn with_headers(
    id: u64,
    headers: &[(String, String)],
) -> Result<User, reqwest::Error> {
    let mut request = CLIENT.get(format!("http://127.0.0.1:18640/users/{id}"));
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await?.error_for_status()?.json().await
}

pub(super) async fn every_key(
    id: u64,
    page: Option<u8>,
    filter: &Filter,
    user: &User,
) -> Option<User> {
    let request = CLIENT
        .post(format!("http://127.0.0.1:18640/users/{id}"))
        .query(&[("page", page)])
        .query(filter)
        .header("x-request-id", id)
        .bearer_auth("s3cret")
        .json(user);
    request.send().await.ok()?.error_for_status().ok()?.json().await.ok()
}
