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
mod hop;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};
use url::{Origin, Url};

use self::{
    attempt::{Attempt, Failed},
    hop::Hop,
};
use crate::{
    deadline::Deadline,
    error::{CallFacts, Error, ErrorKind, TimeoutError},
    request::{Parts, Request},
    response::{Received, Response},
    retry::{
        self, Retry,
        budget::Budget,
        decision::{AttemptState, Decision, decide},
    },
    session::Session,
    timers::AttemptTimers,
    transport::Sender,
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
    // Before all that needs a runtime: within the destructor of a thread-local, even its clock does.
    if Handle::try_current().is_err() {
        let error = parts.settle(session.config()).err().unwrap_or_else(Error::no_runtime);
        return Err(error.with_request(&parts.method, parts.template.clone()));
    }
    // tokio's clock, which is the timers': under `tokio::time::pause` it stands still.
    let start = Instant::now();
    let total = parts.timeout.unwrap_or(session.config().timeout);
    let total = Deadline::at(total.and_then(|timeout| start.checked_add(timeout)));
    let deadline = total.or_sooner(Deadline::current());
    let mut call = Call { session: &session, parts: &mut parts, start, deadline, attempts: 0 };
    let outcome = call.run().await;
    let facts = call.facts();
    match outcome {
        Ok((received, url)) => Ok(Response::new(received, url, facts)),
        Err(error) => Err(error.with_call_facts(&facts)),
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
    async fn run(&mut self) -> Result<(Received, Url), Error> {
        let config = self.session.config();
        self.parts.settle(config)?;
        let mut retries = self.parts.retry(config).map(|_| Box::new(Retries::default()));
        let sender = self.session.transport().sender()?;
        loop {
            let mut attempt = self.attempt(&sender, retries.as_deref_mut())?;
            let outcome = attempt.run().await;
            let Failed { error, hop } = match attempt.end(outcome) {
                Ok(received) => {
                    if let Some(retries) = retries {
                        retries.succeeded(sender.budget());
                    }
                    return Ok(received);
                }
                Err(failed) => failed,
            };
            let Some(retries) = &mut retries else { return Err(error) };
            // What the policy calls may ask it anything. What this attempt was decides, and not what
            // those before it were.
            let error = error.with_call_facts(&self.facts());
            let again = self.again(&error, hop);
            let error = retries.with_earlier(error);
            let Some((delay, cost)) = again else { return Err(error) };
            if !retries.take(sender.budget(), cost) {
                return Err(error);
            }
            if let Some(observe) = self.parts.retry(config).and_then(Retry::observer) {
                observe(&error, delay);
            }
            retries.earlier = Some(error);
            // A timer of no time takes until its next tick.
            if !delay.is_zero() {
                sleep(delay).await;
            }
        }
    }

    /// The next attempt.
    fn attempt<'s>(
        &'s mut self,
        sender: &'s Sender,
        retries: Option<&mut Retries>,
    ) -> Result<Attempt<'s>, Error> {
        let config = self.session.config();
        let url = self.parts.url(config)?;
        if let Some(retries) = retries {
            retries.origin.get_or_insert_with(|| url.origin());
        }
        let now = if self.attempts == 0 { self.start } else { Instant::now() };
        self.attempts += 1;
        let timers = AttemptTimers::new(self.deadline, self.parts, config, self.start, now);
        let hop = Hop::first(self.parts.method.clone(), url, config, now);
        Ok(Attempt::new(config, sender, self.parts, timers, hop))
    }

    /// Whether to try again: after how long, and for how many tokens of the budget.
    fn again(&self, error: &Error, hop: u32) -> Option<(Duration, u32)> {
        let retry = self.parts.retry(self.session.config())?;
        let state = AttemptState {
            repeatable: self.parts.is_repeatable(),
            replayable: self.parts.body.is_replayable(),
            hop,
            attempts: self.attempts,
            remaining: self.deadline.remaining(),
            jitter: retry::fraction(),
        };
        match decide(retry, error, state) {
            Decision::Retry { delay, cost } => Some((delay, cost)),
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
            error_body: self.parts.error_body(self.session.config()),
        }
    }
}

/// What a call with a policy remembers of its attempts.
#[derive(Default)]
struct Retries {
    /// Whose budget they draw on. None before the first attempt.
    origin: Option<Origin>,
    /// The error of the attempt before.
    earlier: Option<Error>,
    /// What the last retry took from the budget.
    taken: u32,
}

impl Retries {
    /// The error of an attempt, which knows of the one before: what that sent, was sent; and if the
    /// time ran out meanwhile, what it failed of is the reason.
    fn with_earlier(&mut self, error: Error) -> Error {
        let Some(earlier) = self.earlier.take() else { return error };
        let error = error.sent_at_least(earlier.sent());
        match error.kind() {
            ErrorKind::Timeout(TimeoutError::Total) => error.or_source(earlier),
            _ => error,
        }
    }

    fn take(&mut self, budget: &Budget, cost: u32) -> bool {
        self.taken = cost;
        self.origin.as_ref().is_none_or(|origin| budget.take(origin, cost))
    }

    /// A success at once adds to the budget; that of a retry returns what it took.
    fn succeeded(&self, budget: &Budget) {
        if let Some(origin) = &self.origin {
            budget.put(origin, if self.earlier.is_none() { 1 } else { self.taken });
        }
    }
}
