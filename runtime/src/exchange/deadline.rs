//! The timers of a call. They are our own, so that the error can say which one fired.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::{deadline::Deadline, error::TimeoutError, request::Parts, session::Config};

/// When an attempt has to be done. A deadline that lies beyond what the clock can say is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    total: Option<Instant>,
    attempt: Option<Instant>,
    idle: Option<Duration>,
}

impl Deadlines {
    /// The deadlines of an attempt that starts now, in a call that has to be done by `total`.
    pub(super) fn new(total: Deadline, parts: &Parts, config: &Config) -> Self {
        let attempt = parts.attempt_timeout.unwrap_or(config.attempt_timeout);
        Self {
            total: total.instant(),
            attempt: attempt.and_then(|timeout| Instant::now().checked_add(timeout)),
            idle: parts.idle_timeout.unwrap_or(config.idle_timeout),
        }
    }

    /// What remains for a body that the user reads at leisure: the wait for each part.
    pub(super) fn of_stream(self) -> Self {
        Self { total: None, attempt: None, idle: self.idle }
    }

    /// Whether there is no time left to begin anything.
    pub(super) fn passed(&self) -> Option<TimeoutError> {
        let now = Instant::now();
        [(self.total, TimeoutError::Total), (self.attempt, TimeoutError::Attempt)]
            .into_iter()
            .find_map(|(deadline, which)| {
                deadline.filter(|deadline| *deadline <= now).and(Some(which))
            })
    }

    /// The same, and no later than so much from now.
    pub(super) fn no_longer_than(self, limit: Duration) -> Self {
        let end = Instant::now() + limit;
        Self { attempt: Some(self.attempt.map_or(end, |attempt| attempt.min(end))), ..self }
    }

    /// Waits for the head of a response.
    pub(super) async fn head<F: Future>(&self, future: F) -> Result<F::Output, TimeoutError> {
        self.within(None, future).await
    }

    /// Waits for the next part of a body.
    pub(crate) async fn part<F: Future>(&self, future: F) -> Result<F::Output, TimeoutError> {
        let idle = self.idle.and_then(|timeout| Instant::now().checked_add(timeout));
        self.within(idle, future).await
    }

    /// Of deadlines that fall together, the outer one is named.
    async fn within<F: Future>(
        &self,
        idle: Option<Instant>,
        future: F,
    ) -> Result<F::Output, TimeoutError> {
        let deadlines = [
            (self.total, TimeoutError::Total),
            (self.attempt, TimeoutError::Attempt),
            (idle, TimeoutError::Idle),
        ];
        let first = deadlines
            .into_iter()
            .filter_map(|(deadline, which)| Some((deadline?, which)))
            .min_by_key(|(deadline, _)| *deadline);
        match first {
            Some((deadline, which)) => timeout_at(deadline, future).await.map_err(|_| which),
            None => Ok(future.await),
        }
    }
}
