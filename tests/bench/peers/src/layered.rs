//! reqwest-middleware with reqwest-retry: up to three retries of what is transient.

use std::{sync::LazyLock, time::Duration};

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Error};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};

use crate::{Failed, User};

static CLIENT: LazyLock<ClientWithMiddleware> = LazyLock::new(|| {
    let policy = ExponentialBackoff::builder()
        .retry_bounds(Duration::ZERO, Duration::ZERO)
        .build_with_max_retries(3);
    ClientBuilder::new(reqwest::Client::new())
        .with(RetryTransientMiddleware::new_with_policy(policy))
        .build()
});

pub(crate) async fn user(id: u64) -> Result<User, Error> {
    let url = format!("http://127.0.0.1:18640/users/{id}");
    Ok(CLIENT.get(url).send().await?.error_for_status()?.json().await?)
}

pub(crate) async fn missing(id: u64) -> Result<User, Failed<Error>> {
    let url = format!("http://127.0.0.1:18640/missing/{id}");
    let response = CLIENT.get(url).send().await?;
    let status = response.status();
    if !status.is_success() {
        let body = response.bytes().await.map_err(Error::from)?.into();
        return Err(Failed { status: status.as_u16(), body, error: None });
    }
    Ok(response.json().await.map_err(Error::from)?)
}

pub(crate) async fn flaky(id: u64) -> Result<User, Error> {
    let url = format!("http://127.0.0.1:18640/flaky/{id}");
    Ok(CLIENT.get(url).send().await?.error_for_status()?.json().await?)
}
