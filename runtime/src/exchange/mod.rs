//! One call, from its plan to a response that was read.
//!
//! ```text
//! Plan → call (total deadline, attempts) → attempt (hops) → hop → head → body → Response
//! ```
//!
//! The call is one future without type parameters: it is compiled once, in this crate, and is `Send` by
//! its type. Each stage makes an [`Error`] with what the stage knows; the call adds its own facts at the end.

mod attempt;
#[cfg(feature = "cookies")]
mod cookies;
mod hop;
mod resends;

use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};
use url::Origin;

pub(crate) use self::hop::locate;
use self::{
    attempt::{Arrived, Attempt},
    hop::Failed,
};
use crate::{
    deadline::Deadline,
    error::{CallFacts, Error, ErrorKind, TimeoutError},
    observe::{AttemptWatch, Begin, CallWatch, within},
    plan::Plan,
    response::Response,
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
/// Nothing happens until it is awaited. It is a single type for all requests, and two words wide.
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

/// Makes a call by its plan, which is borrowed: a future that takes it would hold it twice.
pub(crate) async fn run(plan: &mut Plan, transport: &Transport) -> Result<Response, Error> {
    let mut call = Call::new(plan)?;
    match CallWatch::is_wanted(&call.plan.hooks.observers, &call.plan.observer) {
        false => call.run(transport, &mut CallWatch::none()).await,
        // In a box of its own: the others have no room for it.
        true => Box::pin(call.run_watched(transport)).await,
    }
}

/// One call and its progress.
struct Call<'a> {
    plan: &'a mut Plan,
    start: Instant,
    deadline: Deadline,
    attempts: u32,
}

impl<'a> Call<'a> {
    /// A call that starts now.
    fn new(plan: &'a mut Plan) -> Result<Self, Error> {
        // Before anything that needs a runtime, such as tokio's clock.
        if Handle::try_current().is_err() {
            return Err(Error::no_runtime().with_request(&plan.method, plan.template.clone()));
        }
        // tokio's clock, like that of the timers, so that `tokio::time::pause` stops both.
        let start = Instant::now();
        let total = plan.timeouts.total.and_then(|timeout| start.checked_add(timeout));
        let deadline = Deadline::at(total).or_sooner(Deadline::current()).or_sooner(plan.deadline);
        Ok(Self { plan, start, deadline, attempts: 0 })
    }

    /// Carries out the plan of a call that someone watches.
    async fn run_watched(&mut self, transport: &Transport) -> Result<Response, Error> {
        let plan = &*self.plan;
        let mut watch = CallWatch::begin(Begin {
            observers: &plan.hooks.observers,
            observer: plan.observer.clone(),
            method: &plan.method,
            template: &plan.template,
            url: Some(&plan.url),
            start: self.start,
            is_handled: plan.is_handled,
            is_read: plan.is_read,
        });
        let span = watch.span();
        let outcome = within(&span, pin!(self.run(transport, &mut watch))).await;
        watch.end(outcome.as_ref().map(Response::status));
        outcome
    }

    /// Carries out the plan.
    async fn run(
        &mut self,
        transport: &Transport,
        watch: &mut CallWatch,
    ) -> Result<Response, Error> {
        match self.attempts(transport, watch).await {
            Ok(Arrived { received, url, redirects }) => {
                Ok(Response::new(received, url, redirects, self.facts(watch)))
            }
            Err(error) => Err(error.with_call_facts(&self.facts(watch))),
        }
    }

    /// Makes attempts until one succeeds, or must not be repeated.
    async fn attempts(
        &mut self,
        transport: &Transport,
        watch: &mut CallWatch,
    ) -> Result<Arrived, Error> {
        let sender = transport.sender()?;
        #[cfg(feature = "testing")]
        let sender = sender.scoped(&self.plan.template);
        let mut retries =
            self.plan.retry.is_some().then(|| Box::new(Retries::new(self.plan.url.origin())));
        loop {
            let now = if self.attempts == 0 { self.start } else { Instant::now() };
            let attempt = watch.attempt(self.plan.body.length(), now);
            // The outcome has no name: the future would hold it while it waits for the next attempt.
            let outcome = self.attempt(&sender, &attempt, now);
            let Failed { error, hop, transferred } = match outcome.await {
                Ok(arrived) => {
                    attempt.end(arrived.received.status, arrived.received.transferred);
                    if let Some(retries) = retries {
                        retries.succeeded(sender.budget());
                    }
                    return Ok(arrived);
                }
                Err(failed) => failed,
            };
            #[cfg(feature = "testing")]
            if sender.has_refused() {
                self.attempts = 0;
            }
            attempt.end_failed(transferred, || error.clone().with_call_facts(&self.facts(watch)));
            let Some(retries) = &mut retries else { return Err(error) };
            // The policy's closures see all facts of the call. The error of this attempt alone decides, not
            // those of earlier ones.
            let error = error.with_call_facts(&self.facts(watch));
            let next = self.next_attempt(&error, hop);
            let error = retries.with_earlier(error);
            let Some((delay, cost)) = next else { return Err(error) };
            if !retries.take(sender.budget(), cost) {
                return Err(error);
            }
            if let Some(observe) = self.plan.retry.as_ref().and_then(|retry| retry.observer()) {
                observe(&error, delay);
            }
            watch.retry(&error, delay);
            retries.earlier = Some(error);
            // Even a sleep of no time ends at the timer's next tick.
            if !delay.is_zero() {
                sleep(delay).await;
            }
        }
    }

    /// Makes the next attempt, which starts `now`.
    async fn attempt(
        &mut self,
        sender: &Sender,
        watch: &AttemptWatch,
        now: Instant,
    ) -> Result<Arrived, Failed> {
        self.attempts += 1;
        let timers = AttemptTimers::new(self.deadline, self.plan.timeouts, self.start, now);
        let attempt = Attempt::new(self.plan, sender, timers, watch, self.attempts, now);
        within(&watch.span(), pin!(attempt.run())).await
    }

    /// The delay before the next attempt and its cost in tokens of the budget, if there is to be one.
    fn next_attempt(&self, error: &Error, hop: u32) -> Option<(Duration, u32)> {
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

    fn facts(&self, watch: &CallWatch) -> CallFacts {
        CallFacts {
            method: self.plan.method.clone(),
            template: self.plan.template.clone(),
            attempts: self.attempts,
            start: self.start,
            deadline: self.deadline,
            error_body: self.plan.error_body,
            any_content_type: self.plan.any_content_type,
            observed: watch.observed(),
        }
    }
}

/// The state of a call that has a retry policy.
struct Retries {
    /// The origin whose budget the retries draw on.
    origin: Origin,
    /// The error of the last attempt.
    earlier: Option<Error>,
    /// The tokens that the last retry took.
    taken: u32,
}

impl Retries {
    fn new(origin: Origin) -> Self {
        Self { origin, earlier: None, taken: 0 }
    }

    /// Adds the earlier attempt to the error of this one: what that sent, and, if the total timeout ended this
    /// one, its error as the source.
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

    /// Returns the tokens of a successful retry, or adds one for a success at the first attempt.
    fn succeeded(&self, budget: &Budget) {
        budget.put(&self.origin, if self.earlier.is_none() { 1 } else { self.taken });
    }
}
