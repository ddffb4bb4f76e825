//! `on_error`: which arm runs for an error, and the effects of its action.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use backstop::{ConnectError, Error, ErrorKind, Json, request};

use super::{AWAY, Trace, base};
use crate::support::{SESSION, User};

#[request(
    get = "{base}/status/{status}",
    session = SESSION,
    on_error(
        Connect(Dns | Refused) => trace.note("connect"),
        Status(404 | 410) => trace.note("gone"),
        Status(code @ 400..=499) if code != 418 => trace.note(format!("client {code}")),
        e @ Status(500..=599) => trace.note(format!("server {}", e.status().map_or(0, |s| s.as_u16()))),
        Timeout(Idle | Total) | Body => trace.note("never"),
        e @ _ if e.is_status() => { trace.note("other"); trace.note("status"); },
    ),
)]
async fn arms(base: &str, status: u16, trace: &Trace) -> Result<(), Error>;

#[tokio::test]
async fn the_first_matching_arm_runs_and_the_error_is_returned() {
    let trace = Trace::default();
    for (status, heard) in [
        (404, &["gone"][..]),
        (410, &["gone"]),
        (403, &["client 403"]),
        (503, &["server 503"]),
        (418, &["other", "status"]),
    ] {
        let error = arms(&base(), status, &trace).await.expect_err("a status");
        assert_eq!(error.kind(), ErrorKind::Status(status));
        assert_eq!(trace.take(), heard);
    }
    let error = arms(AWAY, 1, &trace).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Refused));
    assert_eq!(trace.take(), ["connect"]);
    // No arm matches, so no handler runs.
    arms("ftp://host", 1, &trace).await.expect_err("a build error");
    assert_eq!(trace.take(), [""; 0]);
    arms(&base(), 200, &trace).await.expect("200");
    assert_eq!(trace.take(), [""; 0]);
}

#[request(
    get = "{base}/status/{status}",
    session = SESSION,
    on_error(
        Status(404) => async |error| trace.later(error.attempts()).await,
        Status(410) => |error| trace.later(error.attempts()).await,
        Status(503) => |error| async move { trace.note(format!("block {}", error.attempts())) },
        _ => { async |_: &Error| trace.note("last"); trace.note("after") }
    ),
)]
async fn awaited(base: &str, status: u16, trace: &Trace) -> Result<(), Error>;

impl Trace {
    async fn later(&self, attempts: u32) {
        tokio::task::yield_now().await;
        self.note(format!("later {attempts}"));
    }
}

#[tokio::test]
async fn async_closures_are_awaited() {
    let trace = Trace::default();
    for (status, heard) in [
        (404, &["later 1"][..]),
        (410, &["later 1"]),
        (503, &["block 1"]),
        (500, &["last", "after"]),
    ] {
        awaited(&base(), status, &trace).await.expect_err("a status");
        assert_eq!(trace.take(), heard);
    }
}

static HEARD: AtomicU32 = AtomicU32::new(0);

fn hear(error: &Error) {
    assert!(error.is_status());
    HEARD.fetch_add(1, Ordering::Relaxed);
}

async fn hear_later(error: &Error) {
    tokio::task::yield_now().await;
    hear(error);
}

mod handlers {
    pub(super) use super::hear;
}

trait Hears {
    fn hear(error: &Error);
}

struct Heard;

impl Hears for Heard {
    fn hear(error: &Error) {
        hear(error);
    }
}

const TEAPOT: u16 = 418;
const GONE: u16 = 410;

#[request(
    get = "{base}/status/{status}",
    session = SESSION,
    on_error(
        Status(400) => hear,
        Status(401) => handlers::hear,
        Status(402) => hear_later.await,
        Status(403) => { hear; hear_later.await; log; print },
        Status(404) => |error: &Error| hear(error),
        Status(411) => <Heard as Hears>::hear,
        Status(405) => log(debug),
        Status(TEAPOT | GONE) => recover(()),
        Status(406) => { let twice = hear; twice; recover(()) },
        Status(407) => if status == 407 { recover(()) } else { hear },
        Status(408) => match status { 408 => { hear; recover(()) }, _ => fail(Error::new(ErrorKind::Protocol)) },
        _ => hear,
    ),
)]
async fn actions(base: &str, status: u16) -> Result<(), Error>;

#[tokio::test]
async fn every_form_of_action_runs() {
    for (status, heard, recovers) in [
        (400, 1, false),
        (401, 1, false),
        (402, 1, false),
        (403, 2, false),
        (405, 0, false),
        (406, 1, true),
        (407, 0, true),
        (408, 1, true),
        (409, 1, false),
        (410, 0, true),
        (411, 1, false),
        (418, 0, true),
    ] {
        HEARD.store(0, Ordering::Relaxed);
        let outcome = actions(&base(), status).await;
        assert_eq!(HEARD.load(Ordering::Relaxed), heard, "{status}");
        assert_eq!(outcome.is_ok(), recovers, "{status}: {outcome:?}");
    }
}

#[derive(Debug)]
enum Problem {
    NoSuchUser(u64),
    Request(Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchUser(id) => write!(f, "there is no user {id}"),
            Self::Request(_) => f.write_str("the request failed"),
        }
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Request(error) => Some(error),
            Self::NoSuchUser(_) => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Request(error)
    }
}

#[request(
    get = "{base}/status/{id}",
    session = SESSION,
    on_error(
        Status(404) => fail(Problem::NoSuchUser(id)),
        Status(403) => fail(Error::new(ErrorKind::Protocol)),
        Status(400) => recover(()),
    ),
)]
async fn own_errors(base: &str, id: u64) -> Result<(), Problem>;

#[tokio::test]
async fn an_arm_can_fail_with_another_error() {
    assert!(matches!(own_errors(&base(), 404).await, Err(Problem::NoSuchUser(404))));
    assert!(matches!(own_errors(&base(), 400).await, Ok(())));
    let Err(Problem::Request(error)) = own_errors(&base(), 403).await else {
        panic!("the arm fails with a request error");
    };
    assert_eq!(error.kind(), ErrorKind::Protocol);
    // The first error is kept.
    assert_eq!(error.previous().map(Error::kind), Some(ErrorKind::Status(403)));
    assert!(format!("{error:#}").contains("403 Forbidden"), "{error:#}");
}

/// A body that sends another request.
#[request(
    get = "{base}/users/7",
    session = SESSION,
    on_error(
        Status(404) => recover("recovered".into()),
        _ => trace.note("heard"),
    ),
    cleanup = trace.note("cleaned"),
)]
async fn nested(
    base: &str,
    trace: &Trace,
    status: u64,
    fails: Option<&'static str>,
    #[response] Json(user): Json<User>,
) -> Result<String, Problem> {
    own_request(base, status).await?;
    if let Some(what) = fails {
        return Err(Problem::NoSuchUser(what.len() as u64));
    }
    Ok(user.name)
}

#[request(get = "{base}/status/{status}", session = SESSION)]
async fn own_request(base: &str, status: u64) -> Result<(), Error>;

#[tokio::test]
async fn arms_run_for_a_request_error_that_the_body_returns() {
    let trace = Trace::default();
    assert_eq!(nested(&base(), &trace, 200, None).await.expect("Ada"), "Ada");
    assert_eq!(trace.take(), [""; 0]);
    assert_eq!(nested(&base(), &trace, 404, None).await.expect("recovered"), "recovered");
    assert_eq!(trace.take(), ["cleaned"]);
    assert!(matches!(nested(&base(), &trace, 500, None).await, Err(Problem::Request(_))));
    assert_eq!(trace.take(), ["heard", "cleaned"]);
    // An error that is not a request error is returned, and no arm runs.
    assert!(matches!(nested(&base(), &trace, 200, Some("x")).await, Err(Problem::NoSuchUser(1))));
    assert_eq!(trace.take(), [""; 0]);
}

/// The context that the body adds to the error is kept.
#[request(get = "{base}/users/7", session = SESSION, on_error = trace.note("heard"))]
async fn with_context(base: &str, trace: &Trace) -> anyhow::Result<()> {
    use anyhow::Context as _;
    own_request(base, 503).await.context("while asking again")
}

#[tokio::test]
async fn the_chain_of_any_error_is_searched() {
    let trace = Trace::default();
    let error = with_context(&base(), &trace).await.expect_err("503");
    assert_eq!(trace.take(), ["heard"]);
    assert_eq!(error.to_string(), "while asking again");
}

#[request(get = "{base}/users/7", session = SESSION, on_error = trace.note("heard"))]
async fn boxed(base: &str, trace: &Trace) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    own_request(base, 503).await?;
    Ok(())
}

#[request(get = "{base}/users/7", session = SESSION, on_error = trace.note("heard"))]
async fn boxed_locally(base: &str, trace: &Trace) -> Result<(), Box<dyn std::error::Error>> {
    Ok(own_request(base, 503).await?)
}

#[tokio::test]
async fn boxed_errors_reach_the_arms() {
    let trace = Trace::default();
    boxed(&base(), &trace).await.expect_err("503");
    boxed_locally(&base(), &trace).await.expect_err("503");
    assert_eq!(trace.take(), ["heard", "heard"]);
}

#[derive(Debug, thiserror::Error)]
enum Wrapped {
    #[error("in a box")]
    Boxed(#[source] Box<Error>),
    #[error("shared")]
    Shared(#[source] std::sync::Arc<Error>),
}

#[request(get = "{base}/users/7", session = SESSION, on_error(Status(503) => trace.note("heard")))]
async fn wrapped(base: &str, trace: &Trace, shared: bool) -> Result<(), Wrapped> {
    own_request(base, 503).await.map_err(|error| match shared {
        true => Wrapped::Shared(error.into()),
        false => Wrapped::Boxed(error.into()),
    })
}

impl From<Error> for Wrapped {
    fn from(error: Error) -> Self {
        Self::Boxed(Box::new(error))
    }
}

/// It is transparent: the request error is not in its `source` chain.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Transparent(#[from] Error);

impl AsRef<dyn std::error::Error> for Transparent {
    fn as_ref(&self) -> &(dyn std::error::Error + 'static) {
        &self.0
    }
}

#[request(get = "{base}/users/7", session = SESSION, on_error(Status(503) => trace.note("heard")))]
async fn transparent(base: &str, trace: &Trace) -> Result<(), Transparent> {
    Ok(own_request(base, 503).await?)
}

#[tokio::test]
async fn a_request_error_is_found_behind_any_wrapper() {
    let trace = Trace::default();
    wrapped(&base(), &trace, false).await.expect_err("503");
    wrapped(&base(), &trace, true).await.expect_err("503");
    transparent(&base(), &trace).await.expect_err("503");
    assert_eq!(trace.take(), ["heard", "heard", "heard"]);
}
