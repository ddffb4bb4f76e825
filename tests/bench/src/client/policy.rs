//! By hand on reqwest, with what the attribute does by default: values that cannot leave their
//! place in the URL, timers, a limit to the body, redirects that keep to `https`, and a typed error
//! that keeps the body.

use std::{fmt::Display, hint::black_box, sync::LazyLock, time::Duration};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};

use super::{User, attribute::Filter};

const MAX_BODY: usize = 16 << 20;
const MAX_ERROR_BODY: usize = 8 << 10;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(20))
        .timeout(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(15))
        .referer(false)
        .redirect(redirect::Policy::custom(|attempt| {
            let downgrades = attempt.url().scheme() != "https"
                && attempt.previous().last().is_some_and(|url| url.scheme() == "https");
            if downgrades || attempt.previous().len() > 10 {
                attempt.error("redirected too far")
            } else {
                attempt.follow()
            }
        }))
        .build()
        .expect("the platform has certificates")
});

#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("no connection")]
    Connect(#[source] reqwest::Error),
    #[error("out of time")]
    Timeout(#[source] reqwest::Error),
    #[error("the exchange failed")]
    Exchange(#[source] reqwest::Error),
    #[error("status {status}")]
    Status { status: StatusCode, body: Vec<u8> },
    #[error("the body is larger than {MAX_BODY} bytes")]
    TooLarge,
    #[error("the body is not what was expected")]
    Decode(#[from] serde_json::Error),
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Timeout(error)
        } else if error.is_connect() {
            Self::Connect(error)
        } else {
            Self::Exchange(error)
        }
    }
}

pub(super) async fn user(id: u64) -> Result<User, Failed> {
    fetch(CLIENT.get(url("users", id)), |status| status.is_success()).await
}

pub(super) async fn missing(id: u64) -> Result<User, Failed> {
    fetch(CLIENT.get(url("missing", id)), |status| status.is_success()).await
}

pub(super) async fn flaky(id: u64) -> Result<User, Failed> {
    let url = url("flaky", id);
    let mut retries = 3;
    loop {
        match fetch(CLIENT.get(url.clone()), |status| status.is_success()).await {
            Err(Failed::Status { status, .. }) if retries > 0 && is_transient(status) => {}
            Err(Failed::Connect(_)) if retries > 0 => {}
            outcome => return outcome,
        }
        retries -= 1;
    }
}

fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502..=504)
}

pub(super) async fn every_key(
    id: u64,
    page: Option<u8>,
    filter: &Filter,
    user: &User,
) -> Option<User> {
    let _finally = Finally;
    let request = CLIENT
        .post(url("users", id))
        .query(&[("page", page)])
        .query(filter)
        .header("x-request-id", id)
        .bearer_auth("s3cret")
        .json(user);
    let is_expected = |status: StatusCode| status.is_success() || status == 304;
    match fetch(request, is_expected).await {
        Ok(user) => Some(user),
        Err(error) => {
            match &error {
                Failed::Status { status, .. } if *status == 404 => drop(black_box(&error)),
                error => eprintln!("{error}"),
            }
            black_box(());
            None
        }
    }
}

struct Finally;

impl Drop for Finally {
    fn drop(&mut self) {
        black_box(());
    }
}

/// The URL of a resource; what the number stands for may be any text.
fn url(collection: &str, id: impl Display) -> String {
    let id = id.to_string();
    let id = utf8_percent_encode(&id, NON_ALPHANUMERIC);
    format!("http://127.0.0.1:18640/{collection}/{id}")
}

async fn fetch(
    request: RequestBuilder,
    is_expected: impl Fn(StatusCode) -> bool,
) -> Result<User, Failed> {
    let mut response = request.send().await?;
    let status = response.status();
    if !is_expected(status) {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let room = MAX_ERROR_BODY - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == MAX_ERROR_BODY {
                break;
            }
        }
        return Err(Failed::Status { status, body });
    }
    Ok(serde_json::from_slice(&read(response).await?)?)
}

async fn read(mut response: Response) -> Result<Vec<u8>, Failed> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(64 << 10));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Failed::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
