//! An axum service over an API: errors as statuses, a deadline for each request, cancellation, and a graceful
//! shutdown.
//!
//! Run it with `cargo run --example service`: it starts the API, the service, and clients of it.

use std::time::Duration;

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use backstop::{Deadline, Ending, Error, ErrorKind, Session, request};
use backstop_tests::{Answer, Server};
use tokio::{
    net::TcpListener,
    sync::{Notify, oneshot},
    time::timeout,
};

#[request(
    get = "/teas/{id}",
    session = session,
    retry = 1,
    on_error(Status(404) => fail(Failed::NoSuchTea)),
    finally = |ending| note(id, ending),
)]
async fn tea(session: &Session, id: u64) -> Result<String, Failed>;

fn note(tea: u64, ending: Ending) {
    if ending == Ending::Cancelled {
        println!("  tea {tea}: the call is cancelled, as its client disconnected");
        LEFT.notify_one();
    }
}

static LEFT: Notify = Notify::const_new();

enum Failed {
    NoSuchTea,
    Upstream(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Upstream(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NoSuchTea => (StatusCode::NOT_FOUND, "no such tea"),
            Self::Upstream(error) => match error.kind() {
                ErrorKind::Timeout(_) => (StatusCode::GATEWAY_TIMEOUT, "the shop is slow"),
                _ => (StatusCode::BAD_GATEWAY, "the shop is not available"),
            },
        };
        (status, text).into_response()
    }
}

/// All its calls together have 300 ms. axum drops its future when the client disconnects.
async fn show(State(shop): State<Session>, Path(id): Path<u64>) -> Result<String, Failed> {
    Deadline::after(Duration::from_millis(300)).scope(tea(&shop, id)).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Server::start(|asked| match asked.path() {
        "/teas/7" => Answer::new(200, "Assam"),
        "/teas/8" => Answer::Late(Duration::from_millis(100), Answer::new(200, "Sencha").into()),
        "/teas/9" => Answer::Stall(Vec::new()),
        _ => Answer::new(404, ""),
    });
    let upstream = Session::builder().base_url(shop.url()).no_proxy().build()?;
    let app = Router::new().route("/teas/{id}", get(show)).with_state(upstream);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async { drop(stopped.await) });
    let serving = tokio::spawn(serving.into_future());

    let client = Session::builder().base_url(&url).no_proxy().build()?;
    println!("tea 7: {:?}", ask(&client, 7).await);
    println!("tea 4: {:?}", ask(&client, 4).await);
    println!("tea 9: {:?}", ask(&client, 9).await);
    println!("tea 9, for a client that disconnects:");
    let waited = timeout(Duration::from_millis(100), ask(&client, 9)).await;
    LEFT.notified().await;
    println!("tea 9: {}", if waited.is_err() { "the client gave up" } else { "answered" });

    println!("The service shuts down while tea 8 is made:");
    let last = tokio::spawn({
        let client = client.clone();
        async move { ask(&client, 8).await }
    });
    while shop.asked().iter().all(|asked| asked.path() != "/teas/8") {
        tokio::task::yield_now().await;
    }
    drop((stop, client));
    println!("tea 8: {:?}", last.await?);
    serving.await??;
    println!("The service has ended.");
    Ok(())
}

/// Returns the service's answer, with any status.
#[request(get = "/teas/{id}", session = client, expect(200..=599))]
async fn ask(client: &Session, id: u64) -> Result<String, Error>;
