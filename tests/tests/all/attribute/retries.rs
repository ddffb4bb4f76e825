//! `retry`, as a number and with its parts, and the remaining time of an awaiting body.

use std::time::{Duration, Instant};

use backstop::{
    Deadline, Error, ErrorKind, Retry, Session, TimeoutError, request,
    testing::{Reply, Script},
};

use super::{Trace, base};
use crate::support::{SESSION, session};

/// An address for scripts, which need no socket.
const URL: &str = "https://a.test";

/// Answers 503 this many times, then 200.
fn busy(times: usize) -> Script {
    let script = Script::new();
    script.any("/").status(503).repeat(times).then(Reply::text("done"));
    script
}

#[request(get = "{base}/", session = SESSION, retry = 2)]
async fn twice(base: &str) -> Result<String, Error>;

#[request(get = "{base}/", session = SESSION, retry = policy)]
async fn as_asked(base: &str, policy: Retry) -> Result<String, Error>;

#[tokio::test]
async fn retry_takes_a_number_or_a_policy() {
    assert_eq!(busy(2).run(twice(URL)).await.expect("the third"), "done");
    let error = busy(3).run(twice(URL)).await.expect_err("three times 503");
    assert_eq!(error.attempts(), 3);
    let policy = Retry::times(1).backoff(Duration::from_millis(1)..Duration::from_millis(2));
    assert_eq!(busy(1).run(as_asked(URL, policy)).await.expect("the second"), "done");
}

static RETRIED: Trace = Trace(std::sync::Mutex::new(Vec::new()));

fn retried(error: &Error, _: Duration) {
    RETRIED.note(format!("{:?}", error.kind()));
}

#[request(
    post = "{base}/",
    session = SESSION,
    text = "order",
    retry(
        times = 3,
        on(Status(502 | 503) | Connect(Refused)),
        backoff(1ms..2ms),
        idempotency_key,
        on_retry = retried,
    ),
)]
async fn pay(base: &str) -> Result<String, Error>;

#[request(get = "{base}/", session = SESSION, retry(times = 3, on(Connect), backoff(1ms..2ms)))]
async fn connected(base: &str) -> Result<String, Error>;

#[tokio::test]
async fn retry_takes_the_parts_of_a_policy() {
    let script = busy(2);
    assert_eq!(script.run(pay(URL)).await.expect("the third"), "done");
    let asked = script.requests();
    let keys: Vec<_> = asked.iter().map(|asked| asked.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(RETRIED.take(), ["Status(503)", "Status(503)"]);

    let error = busy(1).run(connected(URL)).await.expect_err("not asked for");
    assert_eq!(error.attempts(), 1);
}

/// A body that sends another request, to a server that never answers.
#[request(get = "{base}/x", session = SESSION, timeout = 300ms)]
async fn outer(base: &str, #[response] text: String) -> Result<String, Error> {
    let more = inner(base).await?;
    Ok(text + &more)
}

#[request(get = "{base}/x", session = SESSION, timeout = 300ms, on_error = log)]
async fn outer_handled(base: &str) -> Result<String, Error> {
    inner(base).await
}

#[request(get = "{base}/x", session = SESSION, timeout = 300ms, on_error = log, finally = |_| ())]
async fn outer_of_nothing(base: &str) {
    assert_eq!(timed_out(inner(base).await), ErrorKind::Timeout(TimeoutError::Total));
}

/// The request that fails is sent after the body, and has its own timeout.
#[request(
    get = "{base}/status/404",
    session = SESSION,
    timeout = 300ms,
    cleanup = has_no_deadline().await,
)]
async fn cleaned_up(base: &str) -> Result<(), Error> {
    inner(base).await.map(drop)
}

async fn has_no_deadline() {
    assert_eq!(Deadline::current(), Deadline::NONE);
}

#[request(get = "{base}/stall", session = patient(), timeout = 1h)]
async fn inner(base: &str) -> Result<String, Error>;

fn patient() -> Session {
    session(|builder| builder.timeout(None).attempt_timeout(None))
}

fn timed_out<T: std::fmt::Debug>(result: Result<T, Error>) -> ErrorKind {
    result.expect_err("it never answers").kind()
}

#[tokio::test]
async fn a_body_that_awaits_has_the_remaining_time() {
    let begun = Instant::now();
    let total = ErrorKind::Timeout(TimeoutError::Total);
    assert_eq!(timed_out(outer(&base()).await), total);
    assert_eq!(timed_out(outer_handled(&base()).await), total);
    outer_of_nothing(&base()).await;
    cleaned_up(&base()).await.expect_err("404");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(Deadline::current(), Deadline::NONE);
}
