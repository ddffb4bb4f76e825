//! The main uses of the attribute, each with its outcome.
//!
//! Run it with `cargo run --example quickstart`: it starts its own server.

mod server;

use std::{io::IsTerminal as _, sync::OnceLock, time::Duration};

use backstop::{Ending, Error, Json, Session, request};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct User {
    name: String,
    email: String,
}

// 1. Any failure is printed, and the program continues without a value.
#[request(get = "/users/{id}", session = api(), on_error = print)]
async fn any_failure_printed(id: u64, #[response] Json(user): Json<User>) -> Option<String> {
    Some(user.name)
}

// 2. Connection failures are handled here. The caller gets every other failure.
#[request(
    get = "{base}/users/{id}",
    on_error(Connect => recover(String::from("nobody, as the server is away"))),
)]
async fn connection_failures_handled(
    base: &str,
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<String, Error> {
    Ok(user.name)
}

// 3. The failure is logged, `cleanup` runs, and the program continues.
#[request(get = "/users/{id}", session = api(), on_error = log, cleanup = release_resources)]
async fn logged_and_cleaned_up(id: u64, #[response] Json(user): Json<User>) -> Option<String> {
    Some(user.name)
}

// 4. A 404 is a valid answer.
#[request(get = "/users/{id}", session = api(), on_error(Status(404) => recover(None)))]
async fn a_404_recovered(
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<Option<String>, Error> {
    Ok(Some(user.name))
}

// 5. Without a body, the response is decoded as the return type.
#[request(get = "/users/{id}", session = api())]
async fn a_decode_failure(id: u64) -> Result<User, Error>;

// 6. The whole call may take 200 milliseconds.
#[request(get = "/report", session = api(), timeout = 200ms)]
async fn a_timeout() -> Result<String, Error>;

// 7. `finally` runs however the function ends; here, its future is dropped.
#[request(get = "/report", session = api(), finally = say_how_it_ended)]
async fn a_cancelled_call() -> Result<String, Error>;

fn release_resources() {
    println!("(resources released)");
}

fn say_how_it_ended(ending: Ending) {
    println!("(finally: {ending:?})");
}

/// The session of the functions above. Its base URL is that of the server.
fn api() -> &'static Session {
    API.get().expect("`main` sets it first")
}

static API: OnceLock<Session> = OnceLock::new();

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = server::start();
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    API.get_or_init(|| session);
    // `log` writes to this subscriber.
    tracing_subscriber::fmt()
        .without_time()
        .with_ansi(std::io::stdout().is_terminal())
        .with_writer(std::io::stdout)
        .init();
    println!("A server listens at {}.", server.url());

    show("any_failure_printed");
    outcome("any_failure_printed(7)", Ok(any_failure_printed(7).await));
    outcome("any_failure_printed(404)", Ok(any_failure_printed(404).await));

    show("connection_failures_handled");
    let (base, away) = (server.url(), "http://127.0.0.1:1");
    outcome("connection_failures_handled(server, 7)", connection_failures_handled(&base, 7).await);
    outcome("connection_failures_handled(away, 7)", connection_failures_handled(away, 7).await);
    outcome(
        "connection_failures_handled(server, 404)",
        connection_failures_handled(&base, 404).await,
    );

    show("logged_and_cleaned_up");
    outcome("logged_and_cleaned_up(404)", Ok(logged_and_cleaned_up(404).await));

    show("a_404_recovered");
    outcome("a_404_recovered(7)", a_404_recovered(7).await);
    outcome("a_404_recovered(404)", a_404_recovered(404).await);

    show("a_decode_failure");
    outcome("a_decode_failure(7)", a_decode_failure(7).await.map(|user| user.email));
    let failed = a_decode_failure(8).await;
    let path = failed.as_ref().err().and_then(Error::decode_path).map(str::to_owned);
    outcome("a_decode_failure(8)", failed);
    println!("its path is {}", path.unwrap_or_default());

    show("a_timeout");
    outcome("a_timeout()", a_timeout().await);

    show("a_cancelled_call");
    let patience = Duration::from_millis(200);
    let cancelled = tokio::time::timeout(patience, a_cancelled_call()).await;
    println!("a_cancelled_call(), dropped after {patience:?} => finished: {}", cancelled.is_ok());
    Ok(())
}

/// Prints the source of a function in this file, with its comment.
fn show(name: &str) {
    let source = include_str!("quickstart.rs");
    let function = source.find(&format!("async fn {name}(")).unwrap_or_default();
    let start = source[..function].rfind("\n// ").map_or(0, |at| at + 1);
    let end = source[function..].find("\n\n").map_or(source.len(), |at| function + at);
    println!();
    for line in source[start..end].lines() {
        println!("    {line}");
    }
    println!();
}

/// Prints the outcome of a call: an error by `Display`, a value by `Debug`.
fn outcome<T: std::fmt::Debug>(call: &str, outcome: Result<T, Error>) {
    match outcome {
        Ok(value) => println!("{call} => {value:?}"),
        Err(error) => println!("{call} => error: {error:#}"),
    }
}
