//! A shop front over the API of a warehouse: the program of `docs/walk.md`.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use backstop::{Bearer, Error, ErrorKind, Pages, Session, credentials::Token, request, requests};
use serde::{Deserialize, Serialize};

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
    session: Session,
}

#[request(post = "{url}/token", basic("shop", secret), retry = 2)]
async fn sign_in(url: &str, secret: &str) -> Result<Granted, Error>;

impl Warehouse {
    pub fn new(url: &'static str, secret: &'static str) -> Result<Self, Error> {
        let bearer = Bearer::new(move || async move {
            let Granted { access_token, expires_in } = sign_in(url, secret).await?;
            Ok::<_, Error>(Token::new(access_token).expires_in(Duration::from_secs(expires_in)))
        });
        let session = Session::builder().base_url(url).credentials(bearer).build()?;
        Ok(Self { session })
    }
}

#[requests(session = self.session, timeout = 5s, retry = 2, on_error(_ => log))]
impl Warehouse {
    #[request(get = "/items/{id}", on_error(Status(404) => recover(None)))]
    pub async fn item(&self, id: u64) -> Result<Option<Item>, Error>;

    #[request(get = "/items?per_page=100")]
    pub async fn items(&self) -> Result<Pages<Vec<Item>>, Error>;

    #[request(
        post = "/items/{id}/orders",
        json = count,
        retry(times = 2, idempotency_key),
        on_error(Status(409) => fail(Failed::SoldOut)),
    )]
    pub async fn order(&self, id: u64, count: u32) -> Result<(), Failed>;
}

pub enum Failed {
    SoldOut,
    Warehouse(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Warehouse(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let status = match self {
            Self::SoldOut => StatusCode::CONFLICT,
            Self::Warehouse(error) => match error.kind() {
                ErrorKind::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::BAD_GATEWAY,
            },
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
    let mut pages = warehouse.items().await?.items();
    let mut items = Vec::new();
    while let Some(item) = pages.item().await? {
        items.push(item);
    }
    Ok(Json(items))
}

async fn one(
    State(warehouse): State<Warehouse>,
    Path(id): Path<u64>,
) -> Result<Json<Item>, Response> {
    match warehouse.item(id).await {
        Ok(Some(item)) => Ok(Json(item)),
        Ok(None) => Err(StatusCode::NOT_FOUND.into_response()),
        Err(error) => Err(Failed::from(error).into_response()),
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
