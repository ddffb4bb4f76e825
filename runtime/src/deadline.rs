//! The deadline of the current task: how much time is left for a call in the body of another one.
//!
//! It is a task-local, not an argument: [`Deadline::scope`] sets it for a future, and every call that starts
//! within the future ends by the earlier of that deadline and its own.

use std::{future::Future, time::Duration};

use tokio::time::Instant;

tokio::task_local! {
    static CURRENT: Deadline;
}

/// A time by which a call has to end, or none.
///
/// A request that is awaited inside the [scope](Deadline::scope) of a deadline has only the remaining time,
/// in addition to its own timeout; after that it fails with
/// [`TimeoutError::Total`](crate::TimeoutError::Total). An awaiting body of a function with `#[request]` runs
/// under the deadline of its request. A spawned task does not inherit a deadline.
///
/// ```
/// use std::time::Duration;
/// use backstop::{Deadline, Error, Request, Session};
///
/// # async fn example() -> Result<(), Error> {
/// let both = Deadline::after(Duration::from_secs(3)).scope(async {
///     let first = Session::shared().fetch(Request::get("https://a.example/")).await?;
///     let second = Session::shared().fetch(Request::get("https://b.example/")).await?;
///     Ok::<_, Error>((first, second))
/// });
/// let (first, second) = both.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No bound.
    pub const NONE: Self = Self(None);

    /// The time `timeout` from now; none, if the clock cannot represent it.
    pub fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// The deadline of the current scope; none outside of a scope.
    pub fn current() -> Self {
        CURRENT.try_with(|deadline| *deadline).unwrap_or(Self::NONE)
    }

    /// The time that is left, zero if none is. `None` if there is no bound.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Runs a future under the earlier of this deadline and the current one. The future itself is not
    /// stopped; the requests that it fetches are.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self.or_sooner(Self::current()), future)
    }

    pub(crate) fn at(end: Option<Instant>) -> Self {
        Self(end)
    }

    pub(crate) fn or_sooner(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(one), Some(other)) => Self(Some(one.min(other))),
            (one, other) => Self(one.or(other)),
        }
    }

    pub(crate) fn instant(self) -> Option<Instant> {
        self.0
    }
}

/// Runs a future that belongs to no call, although calls may drive it.
pub(crate) fn unbounded<F: Future>(future: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(Deadline::NONE, future)
}
