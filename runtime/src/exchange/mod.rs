//! One call, from its plan to a response that was read.
//!
//! ```text
//! Plan → call (total deadline, attempts) → attempt (hops) → hop → head → body → Response
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

pub(crate) use self::hop::locate;
use self::{attempt::Attempt, hop::Failed};
use crate::{
    deadline::Deadline,
    error::{CallFacts, Error, ErrorKind, TimeoutError},
    plan::Plan,
    response::{Received, Response},
    retry::{
        self,
        budget::Budget,
        decision::{AttemptState, Decision, decide},
    },
    timers::AttemptTimers,
    transport::{Sender, Transport},
};

/// A call in progress: the future that [`Session::fetch`](crate::Session::fetch) returns.
///
/// Nothing happens until it is awaited. It has one type whatever is requested, and is two words
/// wide.
#[must_use = "nothing is sent until this is awaited"]
pub struct Exchange(Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>);

impl Exchange {
    pub(crate) fn new(
        call: impl Future<Output = Result<Response, Error>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(call))
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

/// One call and how far it is.
pub(crate) struct Call {
    plan: Plan,
    start: Instant,
    deadline: Deadline,
    attempts: u32,
}

impl Call {
    /// A call that starts now.
    pub(crate) fn new(plan: Plan) -> Result<Self, Error> {
        // Before all that needs a runtime: within the destructor of a thread-local, even its clock does.
        if Handle::try_current().is_err() {
            return Err(Error::no_runtime().with_request(&plan.method, plan.template));
        }
        // tokio's clock, which is the timers': under `tokio::time::pause` it stands still.
        let start = Instant::now();
        let total = plan.timeouts.total.and_then(|timeout| start.checked_add(timeout));
        let deadline = Deadline::at(total).or_sooner(Deadline::current());
        Ok(Self { plan, start, deadline, attempts: 0 })
    }

    /// Sends what is planned, and reads the response.
    pub(crate) async fn run(&mut self, transport: &Transport) -> Result<Response, Error> {
        match self.attempts(transport).await {
            Ok((received, url)) => Ok(Response::new(received, url, self.facts())),
            Err(error) => Err(error.with_call_facts(&self.facts())),
        }
    }

    /// The attempts, as many as the policy asks for and safety allows.
    async fn attempts(&mut self, transport: &Transport) -> Result<(Received, Url), Error> {
        let sender = transport.sender()?;
        #[cfg(feature = "testing")]
        let sender = crate::testing::scripted(sender, self.plan.template.clone());
        let mut retries =
            self.plan.retry.is_some().then(|| Box::new(Retries::new(self.plan.url.origin())));
        loop {
            let Failed { error, hop } = match self.attempt(&sender).run().await {
                Ok(received) => {
                    if let Some(retries) = retries {
                        retries.succeeded(sender.budget());
                    }
                    return Ok(received);
                }
                Err(failed) => failed,
            };
            #[cfg(feature = "testing")]
            if sender.has_refused() {
                self.attempts = 0;
            }
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
            if let Some(observe) = self.plan.retry.as_ref().and_then(|retry| retry.observer()) {
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
    fn attempt<'a>(&'a mut self, sender: &'a Sender) -> Attempt<'a> {
        let now = if self.attempts == 0 { self.start } else { Instant::now() };
        self.attempts += 1;
        let timers = AttemptTimers::new(self.deadline, self.plan.timeouts, self.start, now);
        Attempt::new(&mut self.plan, sender, timers, now)
    }

    /// Whether to try again: after how long, and for how many tokens of the budget.
    fn again(&self, error: &Error, hop: u32) -> Option<(Duration, u32)> {
        let state = AttemptState {
            repeatable: self.plan.is_repeatable,
            replayable: self.plan.body.is_replayable(),
            hop,
            attempts: self.attempts,
            remaining: self.deadline.remaining(),
            jitter: retry::fraction(),
        };
        match decide(self.plan.retry.as_deref()?, error, state) {
            Decision::Retry { delay, cost } => Some((delay, cost)),
            Decision::Stop(_) => None,
        }
    }

    fn facts(&self) -> CallFacts {
        CallFacts {
            method: self.plan.method.clone(),
            template: self.plan.template.clone(),
            attempts: self.attempts,
            start: self.start,
            deadline: self.deadline,
            error_body: self.plan.error_body,
        }
    }
}

/// What a call with a policy remembers of its attempts.
struct Retries {
    /// Whose budget they draw on.
    origin: Origin,
    /// The error of the attempt before.
    earlier: Option<Error>,
    /// What the last retry took from the budget.
    taken: u32,
}

impl Retries {
    fn new(origin: Origin) -> Self {
        Self { origin, earlier: None, taken: 0 }
    }

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
        budget.take(&self.origin, cost)
    }

    /// A success at once adds to the budget; that of a retry returns what it took.
    fn succeeded(&self, budget: &Budget) {
        budget.put(&self.origin, if self.earlier.is_none() { 1 } else { self.taken });
    }
}
