//! The facts of a call that a function in `finally` can receive.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{Method, StatusCode};
use tokio::time::Instant;

use super::ending::Ending;
use crate::{
    error::Error,
    observe::{AttemptReport, CallReport, Observer, Target},
};

/// How a function with `finally` ended, and the facts of its call. A function in `finally` can take it
/// instead of an [`Ending`], to log or measure the call, whether it succeeded or not.
///
/// ```
/// use backstop::{CallSummary, Error, request};
///
/// #[request(get = "https://api.example.com/users/{id}/name", retry = 2, finally = note)]
/// async fn name(id: u64, #[response] name: String) -> Result<String, Error> {
///     Ok(name)
/// }
///
/// fn note(call: CallSummary) {
///     let status = call.status().map_or(0, |status| status.as_u16());
///     println!("{:?} {:?} {status} {} {:?}", call.ending(), call.template(), call.attempts(), call.elapsed());
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CallSummary {
    ending: Ending,
    facts: Facts,
}

/// The facts of a call so far. None if the function ended before its call began.
#[derive(Debug, Clone, Default)]
struct Facts {
    method: Option<Method>,
    template: Option<String>,
    status: Option<StatusCode>,
    error: Option<Error>,
    attempts: u32,
    start: Option<Instant>,
    /// None while the call runs.
    elapsed: Option<Duration>,
}

impl CallSummary {
    /// How the function ended.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// The method of the request. `None` if the function ended before its call began.
    pub fn method(&self) -> Option<&Method> {
        self.facts.method.as_ref()
    }

    /// The template of the request, redacted as in an [error](Error::template). `None` if the call did not
    /// begin, or its URL was built at run time.
    pub fn template(&self) -> Option<&str> {
        self.facts.template.as_deref()
    }

    /// The status of the last response, if one arrived.
    pub fn status(&self) -> Option<StatusCode> {
        self.facts.status
    }

    /// The error of the call, if it failed, even if the function recovered.
    pub fn error(&self) -> Option<&Error> {
        self.facts.error.as_ref()
    }

    /// The number of attempts.
    pub fn attempts(&self) -> u32 {
        self.facts.attempts
    }

    /// The time from the start of the call to its end: until its response was read, or it failed or was
    /// cancelled. Zero if it did not begin.
    pub fn elapsed(&self) -> Duration {
        let running = || self.facts.start.map(|start| start.elapsed());
        self.facts.elapsed.or_else(running).unwrap_or_default()
    }
}

/// The argument of a function in `finally`: an [`Ending`], or a [`CallSummary`].
#[diagnostic::on_unimplemented(
    message = "a function in `finally` takes an `Ending` or a `CallSummary`",
    label = "takes `{Self}`",
    note = "the errors of a request are handled in `on_error`"
)]
pub trait FinallyArgument: Sized {
    /// Whether the call has to be observed for this argument.
    const OBSERVES: bool;

    /// Makes the argument.
    fn from_summary(summary: CallSummary) -> Self;
}

impl FinallyArgument for Ending {
    const OBSERVES: bool = false;

    fn from_summary(summary: CallSummary) -> Self {
        summary.ending
    }
}

impl FinallyArgument for CallSummary {
    const OBSERVES: bool = true;

    fn from_summary(summary: CallSummary) -> Self {
        summary
    }
}

/// Collects the facts of one call as its observer.
#[derive(Default)]
pub(super) struct Tracker(Mutex<Facts>);

impl Tracker {
    /// A tracker, if the argument needs one.
    pub(super) fn of<A: FinallyArgument>() -> Option<Arc<Self>> {
        A::OBSERVES.then(Arc::default)
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The summary of the facts so far.
pub(super) fn summary(ending: Ending, tracker: Option<&Tracker>) -> CallSummary {
    let facts = tracker.map(|tracker| tracker.facts().clone()).unwrap_or_default();
    CallSummary { ending, facts }
}

impl Observer for Tracker {
    fn started(&self, call: &Target) {
        *self.facts() = Facts {
            method: Some(call.method().clone()),
            template: call.template().map(str::to_owned),
            start: Some(Instant::now()),
            ..Facts::default()
        };
    }

    fn attempt(&self, attempt: &AttemptReport<'_>) {
        let mut facts = self.facts();
        facts.attempts = attempt.number();
        facts.status = attempt.status();
    }

    fn call(&self, call: &CallReport<'_>) {
        let mut facts = self.facts();
        facts.attempts = call.attempts();
        facts.status = call.status().or(facts.status);
        facts.error = call.error().cloned();
        facts.elapsed = Some(call.elapsed());
    }
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracker")
    }
}
