//! One call, from a request to a response that was read.
//!
//! ```text
//! Request → call (total deadline, attempts) → attempt (hops) → hop → head → body → Response
//! ```
//!
//! All of it is one future that knows no type of the user's: it is compiled once, in this
//! crate, and is `Send` by its type. Each stage makes an [`Error`] that says what the stage
//! knows; the call adds its own facts at the end.

mod attempt;
#[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
pub(crate) mod coding;
#[cfg(not(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd")))]
#[path = "coding/none.rs"]
pub(crate) mod coding;
mod deadline;
mod hop;
pub(crate) mod read;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, sleep};
use url::Url;

pub(crate) use self::deadline::Deadlines;
use self::{
    attempt::{Attempt, Failed},
    read::Received,
};
use crate::{
    deadline::Deadline,
    error::{CallFacts, Error, ErrorKind, TimeoutError},
    request::{Parts, Request},
    response::Response,
    retry::{
        self, Retry,
        decision::{Decision, Situation, decide},
    },
    session::{Session, transport::Sender},
};

/// A call in progress: the future that [`Session::fetch`] returns.
///
/// Nothing happens until it is awaited. It has one type whatever is requested, and is two words
/// wide.
#[must_use = "nothing is sent until this is awaited"]
pub struct Exchange(Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>);

impl Exchange {
    pub(crate) fn new(session: Session, request: Request) -> Self {
        Self(Box::pin(call(session, request.into_parts())))
    }
}

impl Future for Exchange {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange")
    }
}

async fn call(session: Session, mut parts: Box<Parts>) -> Result<Response, Error> {
    // tokio's clock, which is the timers': under `tokio::time::pause` it stands still.
    let start = Instant::now();
    let total = parts.timeout.unwrap_or(session.config().timeout);
    let total = Deadline::at(total.and_then(|timeout| start.checked_add(timeout)));
    let deadline = total.or_sooner(Deadline::current());
    let mut call = Call { session: &session, parts: &mut parts, start, deadline, attempts: 0 };
    let outcome = call.run().await;
    let facts = call.facts();
    match outcome {
        Ok(received) => Ok(Response::new(received, facts)),
        Err(error) => Err(error.of_call(&facts)),
    }
}

/// One call and how far it is.
struct Call<'a> {
    session: &'a Session,
    parts: &'a mut Parts,
    start: Instant,
    deadline: Deadline,
    attempts: u32,
}

impl Call<'_> {
    /// The attempts, as many as the policy asks for and safety allows.
    async fn run(&mut self) -> Result<Received, Error> {
        let config = self.session.config();
        let url = self.parts.settle(config)?;
        let sender = self.session.transport().sender()?;
        if self.parts.retry(config).is_none() {
            return self.attempt(&sender, url).await.map_err(|failed| failed.error);
        }
        let origin = url.origin();
        let mut earlier: Option<Error> = None;
        let mut taken = 0;
        loop {
            let Failed { error, hop } = match self.attempt(&sender, url.clone()).await {
                Ok(received) => {
                    sender.budget().put(&origin, if earlier.is_none() { 1 } else { taken });
                    return Ok(received);
                }
                Err(failed) => failed,
            };
            // What this attempt was decides, and not what earlier ones were.
            let again = self.again(&error, hop);
            let error = match earlier {
                Some(earlier) => of_attempts(error, earlier),
                None => error,
            };
            let Some((after, tokens)) = again else { return Err(error) };
            if !sender.budget().take(&origin, tokens) {
                return Err(error);
            }
            taken = tokens;
            let error = error.of_call(&self.facts());
            if let Some(observe) = self.parts.retry(config).and_then(Retry::observer) {
                observe(&error, after);
            }
            // A timer of no time takes until its next tick.
            if !after.is_zero() {
                sleep(after).await;
            }
            earlier = Some(error);
        }
    }

    async fn attempt(&mut self, sender: &Sender, url: Url) -> Result<Received, Failed> {
        self.attempts += 1;
        let config = self.session.config();
        let deadlines = Deadlines::new(self.deadline, self.parts, config);
        Attempt { config, sender, parts: self.parts, deadlines }.run(url).await
    }

    /// Whether to try again: after how long, and for how many tokens of the budget.
    fn again(&self, error: &Error, hop: u32) -> Option<(Duration, u32)> {
        let retry = self.parts.retry(self.session.config())?;
        let situation = Situation {
            repeatable: self.parts.is_repeatable(),
            replayable: self.parts.body.is_replayable(),
            hop,
            attempts: self.attempts,
            left: self.deadline.remaining(),
            chance: retry::fraction(),
        };
        match decide(retry, error, situation) {
            Decision::Again { after, tokens } => Some((after, tokens)),
            Decision::Stop(_) => None,
        }
    }

    fn facts(&self) -> CallFacts {
        CallFacts {
            method: self.parts.method.clone(),
            template: self.parts.template.clone(),
            attempts: self.attempts,
            start: self.start,
            deadline: self.deadline,
        }
    }
}

/// The error of an attempt, which knows of the attempt before: what that sent, was sent; and if the
/// time ran out meanwhile, what it failed of is the reason.
fn of_attempts(error: Error, earlier: Error) -> Error {
    let error = error.sent_at_least(earlier.sent());
    match error.kind() {
        ErrorKind::Timeout(TimeoutError::Total) => error.or_source(earlier),
        _ => error,
    }
}
