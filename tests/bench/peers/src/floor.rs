//! hyper-util's client: what is under reqwest, without its redirects, proxies and TLS.

use std::sync::LazyLock;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::{Failed, User};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

static CLIENT: LazyLock<Client<HttpConnector, Empty<Bytes>>> =
    LazyLock::new(|| Client::builder(TokioExecutor::new()).build_http());

pub(crate) async fn user(id: u64) -> Result<User, BoxError> {
    let response = get(format!("http://127.0.0.1:18640/users/{id}")).await?;
    if response.status() != StatusCode::OK {
        return Err("no success".into());
    }
    let body = response.into_body().collect().await?.to_bytes();
    Ok(serde_json::from_slice(&body)?)
}

pub(crate) async fn missing(id: u64) -> Result<User, Failed<BoxError>> {
    let response = get(format!("http://127.0.0.1:18640/missing/{id}")).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.map_err(BoxError::from)?.to_bytes();
    match status {
        200..=299 => Ok(serde_json::from_slice(&body).map_err(BoxError::from)?),
        _ => Err(Failed { status, body: body.into(), error: None }),
    }
}

pub(crate) async fn flaky(id: u64) -> Result<User, BoxError> {
    let mut retries = 3;
    loop {
        let response = get(format!("http://127.0.0.1:18640/flaky/{id}")).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status == StatusCode::OK {
            return Ok(serde_json::from_slice(&body)?);
        }
        if retries == 0 {
            return Err("no success".into());
        }
        retries -= 1;
    }
}

async fn get(url: String) -> Result<Response<Incoming>, BoxError> {
    Ok(CLIENT.request(Request::get(url).body(Empty::new())?).await?)
}
