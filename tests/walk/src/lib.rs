//! The shop of `docs/walk.md`, by hand on reqwest, reqwest-middleware, reqwest-retry and reqwest-tracing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use reqwest::header::LINK;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, RequestBuilder};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};
use reqwest_tracing::TracingMiddleware;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::Mutex;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub name: String,
    pub left: u32,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

#[derive(Clone)]
pub struct Warehouse {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    secret: String,
    client: ClientWithMiddleware,
    token: Mutex<Option<(String, Instant)>>,
}

impl Warehouse {
    pub fn new(url: impl Into<String>, secret: impl Into<String>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        let policy = ExponentialBackoff::builder()
            .retry_bounds(Duration::from_millis(100), Duration::from_secs(10))
            .build_with_max_retries(2);
        let client = ClientBuilder::new(client)
            .with(TracingMiddleware::default())
            .with(RetryTransientMiddleware::new_with_policy(policy))
            .build();
        let (url, secret) = (url.into(), secret.into());
        let inner = Inner { url, secret, client, token: Mutex::new(None) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The token, renewed before it ends, or if it is the one that was refused. The lock is held while it is
    /// renewed, so that concurrent calls wait for one renewal.
    async fn token(&self, refused: Option<&str>) -> Result<String, Failed> {
        let Inner { url, secret, client, token } = &*self.inner;
        let mut current = token.lock().await;
        if let Some((token, end)) = &*current
            && *end > Instant::now() + Duration::from_secs(30)
            && refused != Some(token)
        {
            return Ok(token.clone());
        }
        let response =
            client.post(format!("{url}/token")).basic_auth("shop", Some(secret)).send().await?;
        let granted: Granted = response.error_for_status()?.json().await?;
        let end = Instant::now() + Duration::from_secs(granted.expires_in);
        *current = Some((granted.access_token.clone(), end));
        Ok(granted.access_token)
    }

    /// Sends what `build` makes, once more with another token after a 401, and logs what failed.
    async fn send(
        &self,
        build: impl Fn(&ClientWithMiddleware) -> RequestBuilder,
    ) -> Result<reqwest::Response, Failed> {
        let sent = async {
            let token = self.token(None).await?;
            let response = build(&self.inner.client).bearer_auth(&token).send().await?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            let token = self.token(Some(&token)).await?;
            Ok(build(&self.inner.client).bearer_auth(&token).send().await?)
        };
        let sent: Result<reqwest::Response, Failed> = sent.await;
        if let Err(Failed::Warehouse(error)) = &sent {
            tracing::error!(%error, "the request failed");
        }
        sent
    }

    pub async fn item(&self, id: u64) -> Result<Option<Item>, Failed> {
        let url = format!("{}/items/{id}", self.inner.url);
        let response = self.send(|client| client.get(&url)).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => read(response).await.map(Some),
        }
    }

    pub async fn items(&self) -> Result<Vec<Item>, Failed> {
        let mut items = Vec::new();
        let mut next = Some(format!("{}/items?per_page=100", self.inner.url));
        while let Some(url) = next {
            let response = self.send(|client| client.get(&url)).await?;
            next = next_page(&response)?;
            items.append(&mut read(response).await?);
        }
        Ok(items)
    }

    pub async fn order(&self, id: u64, count: u32) -> Result<(), Failed> {
        let url = format!("{}/items/{id}/orders", self.inner.url);
        let key = format!("\"{}\"", uuid::Uuid::new_v4());
        let response = self
            .send(|client| client.post(&url).header("idempotency-key", &key).json(&count))
            .await?;
        match response.status() {
            StatusCode::CONFLICT => Err(Failed::SoldOut),
            _ => Ok(response.error_for_status().map(drop).map_err(logged)?),
        }
    }
}

async fn read<T: DeserializeOwned>(response: reqwest::Response) -> Result<T, Failed> {
    let response = response.error_for_status().map_err(logged)?;
    Ok(response.json().await.map_err(logged)?)
}

fn logged(error: reqwest::Error) -> reqwest::Error {
    tracing::error!(%error, "the request failed");
    error
}

/// The URL in `Link` with `rel="next"`, if it is of the same origin: it is sent the token.
fn next_page(response: &reqwest::Response) -> Result<Option<String>, Failed> {
    let links = response.headers().get_all(LINK).into_iter();
    let links = links.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    for link in links {
        let Some((url, rest)) = link.trim().strip_prefix('<').and_then(|it| it.split_once('>'))
        else {
            continue;
        };
        if rest.split(';').any(|part| part.trim() == "rel=\"next\"") {
            let url = response.url().join(url).map_err(|_| Failed::Link)?;
            if url.origin() != response.url().origin() {
                return Err(Failed::Link);
            }
            return Ok(Some(url.into()));
        }
    }
    Ok(None)
}

#[derive(Debug)]
pub enum Failed {
    SoldOut,
    Link,
    Warehouse(reqwest_middleware::Error),
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        Self::Warehouse(error.into())
    }
}

impl From<reqwest_middleware::Error> for Failed {
    fn from(error: reqwest_middleware::Error) -> Self {
        Self::Warehouse(error)
    }
}

/// Whether a timer ran out: the retries wrap the error, and what they wrap hides reqwest's in the chain.
fn is_timeout(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref().is_some_and(reqwest_middleware::Error::is_timeout) {
            return true;
        }
        next = error.source();
    }
    false
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = match self {
            Self::SoldOut => StatusCode::CONFLICT,
            Self::Warehouse(error) if is_timeout(&error) => StatusCode::GATEWAY_TIMEOUT,
            Self::Warehouse(_) | Self::Link => StatusCode::BAD_GATEWAY,
        };
        status.into_response()
    }
}

pub fn app(warehouse: Warehouse) -> Router {
    Router::new()
        .route("/", get(all))
        .route("/{id}", get(one))
        .route("/{id}/orders", post(order))
        .with_state(warehouse)
}

async fn all(State(warehouse): State<Warehouse>) -> Result<Json<Vec<Item>>, Failed> {
    warehouse.items().await.map(Json)
}

async fn one(
    State(warehouse): State<Warehouse>,
    Path(id): Path<u64>,
) -> Result<Json<Item>, Response> {
    match warehouse.item(id).await {
        Ok(Some(item)) => Ok(Json(item)),
        Ok(None) => Err(StatusCode::NOT_FOUND.into_response()),
        Err(error) => Err(error.into_response()),
    }
}

async fn order(
    State(warehouse): State<Warehouse>,
    Path(id): Path<u64>,
    Json(count): Json<u32>,
) -> Result<StatusCode, Failed> {
    warehouse.order(id, count).await?;
    Ok(StatusCode::CREATED)
}
