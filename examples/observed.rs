//! Spans and metrics of a retry, a fallback and a cancelled call, as an exporter sees them.
//!
//! Run it with `cargo run --example observed`: it starts its own server, and prints what a program would send
//! to its collector. For OpenTelemetry, replace the layer with that of `tracing-opentelemetry`, and the
//! observer with `Metrics` and a recorder.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{
    Error, Observer, Session,
    observe::{AttemptReport, CallReport, RecoveryReport, RetryReport},
    request,
};
use backstop_tests::{Answer, Server};
use tracing_subscriber::fmt::format::FmtSpan;

#[request(get = "/teas/{id}", session = session, retry(times = 2, backoff(10ms..50ms)))]
async fn tea(session: &Session, id: u64) -> Result<String, Error>;

#[request(get = "/teas/{id}", session = session, on_error(Status(404) => log(warn)), fallback = 0)]
async fn left(session: &Session, id: u64) -> u64;

#[request(get = "/stocktaking", session = session)]
async fn stocktaking(session: &Session) -> Result<String, Error>;

/// Counters by labels of low cardinality: methods, templates and kinds of errors.
#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, u64>>);

impl Counts {
    fn add(&self, what: fmt::Arguments<'_>) {
        *self.0.lock().expect("no panic").entry(what.to_string()).or_default() += 1;
    }
}

impl Observer for Counts {
    fn attempt(&self, attempt: &AttemptReport<'_>) {
        let target = attempt.target();
        let (method, template) = (target.method(), target.template().unwrap_or("-"));
        match (attempt.status(), attempt.error()) {
            (Some(status), _) => self.add(format_args!("attempt: {method} {template}: {status}")),
            (None, Some(error)) => {
                self.add(format_args!("attempt: {method} {template}: {}", error.kind().name()));
            }
            (None, None) => self.add(format_args!("attempt: {method} {template}: cancelled")),
        }
    }

    fn retry(&self, retry: &RetryReport<'_>) {
        self.add(format_args!("retry: {}", retry.error().kind().name()));
    }

    fn call(&self, call: &CallReport<'_>) {
        let how = match (call.is_cancelled(), call.error()) {
            (true, _) => "cancelled",
            (false, Some(_)) => "failed",
            (false, None) => "done",
        };
        self.add(format_args!("call: {how}"));
    }

    fn recovered(&self, recovery: &RecoveryReport<'_>) {
        let how = if recovery.is_fallback() { "fallback" } else { "recovery" };
        self.add(format_args!("{how}: {}", recovery.error().kind().name()));
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
        .with_span_events(FmtSpan::CLOSE)
        .with_target(false)
        .without_time()
        .init();
    let server = shop();
    let counts = Arc::new(Counts::default());
    let session = Session::builder()
        .base_url(server.url())
        .no_proxy()
        .observer(Arc::clone(&counts))
        .build()?;

    println!("\ntea(7): busy at first");
    println!("=> {}", tea(&session, 7).await?);
    println!("\nleft(8): not found");
    println!("=> {}", left(&session, 8).await);
    println!("\nstocktaking(): cancelled by its caller");
    let waited = tokio::time::timeout(Duration::from_millis(100), stocktaking(&session)).await;
    println!("=> {}", if waited.is_err() { "cancelled" } else { "done" });

    println!("\nWhat the observer counted:");
    for (what, count) in &*counts.0.lock().expect("no panic") {
        println!("{count} {what}");
    }
    Ok(())
}

fn shop() -> Server {
    let asked_for_tea = AtomicUsize::new(0);
    Server::start(move |asked| match asked.path() {
        "/teas/7" if asked_for_tea.fetch_add(1, Ordering::SeqCst) == 0 => Answer::new(503, "busy"),
        "/teas/7" => Answer::json(r#""Assam""#),
        "/stocktaking" => Answer::Stall(Vec::new()),
        _ => Answer::new(404, "no such tea"),
    })
}
