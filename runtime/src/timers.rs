//! The timers of an attempt. They are not reqwest's, so that the error can say which one fired.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::{
    deadline::Deadline,
    error::{Error, ErrorKind, TimeoutError},
};

/// How long a call, an attempt, and the wait for the next part of a body may take. None for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) total: Option<Duration>,
    pub(crate) attempt: Option<Duration>,
    pub(crate) idle: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            total: Some(Duration::from_secs(30)),
            attempt: None,
            idle: Some(Duration::from_secs(20)),
        }
    }
}

/// When an attempt has to end. A time beyond the clock's range is no limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AttemptTimers {
    /// When the call started, and when the attempt did.
    start: [Instant; 2],
    total: Option<Instant>,
    attempt: Option<Instant>,
    idle: Option<Duration>,
}

impl AttemptTimers {
    /// The timers of an attempt that starts `now`, in a call that started at `start` and has to end by
    /// `total`.
    pub(crate) fn new(total: Deadline, timeouts: Timeouts, start: Instant, now: Instant) -> Self {
        Self {
            start: [start, now],
            total: total.instant(),
            attempt: timeouts.attempt.and_then(|timeout| now.checked_add(timeout)),
            idle: timeouts.idle,
        }
    }

    /// The timers of a body that the user streams: only the wait for each part.
    pub(crate) fn idle_only(self) -> IdleTimer {
        let timers = Self { total: None, attempt: None, ..self };
        IdleTimer { timers, sleep: None, is_set: false }
    }

    /// The error of a timer that fired: its limit, and the wait that it ended.
    pub(crate) fn timed_out(&self, timer: TimeoutError, wait: &str) -> Error {
        let [call, attempt] = self.start;
        let limit = match timer {
            TimeoutError::Total => self.total.map(|end| end.duration_since(call)),
            TimeoutError::Attempt => self.attempt.map(|end| end.duration_since(attempt)),
            TimeoutError::Idle => self.idle,
            TimeoutError::Connect => None,
        };
        let error = Error::new(ErrorKind::Timeout(timer));
        match limit {
            Some(limit) => error.with_detail(format!("{limit:?} passed while waiting for {wait}")),
            None => error,
        }
    }

    /// The timer that has run out, if one has.
    pub(crate) fn passed(&self) -> Option<TimeoutError> {
        self.passed_at(Instant::now())
    }

    pub(crate) fn passed_at(&self, now: Instant) -> Option<TimeoutError> {
        [(self.total, TimeoutError::Total), (self.attempt, TimeoutError::Attempt)]
            .into_iter()
            .find_map(|(deadline, which)| {
                deadline.filter(|deadline| *deadline <= now).and(Some(which))
            })
    }

    /// The same timers, and at most `limit` from now.
    pub(crate) fn no_longer_than(self, limit: Duration) -> Self {
        let end = Instant::now() + limit;
        Self { attempt: Some(self.attempt.map_or(end, |attempt| attempt.min(end))), ..self }
    }

    /// Waits for the head of a response, and no longer than the limit: that is `Idle`.
    pub(crate) fn head<F: Future>(
        &self,
        limit: Option<Duration>,
        future: Pin<&mut F>,
    ) -> impl Future<Output = Result<F::Output, TimeoutError>> {
        self.within(limit, future)
    }

    /// Waits for the next part of a body.
    pub(crate) fn part<F: Future>(
        &self,
        future: Pin<&mut F>,
    ) -> impl Future<Output = Result<F::Output, TimeoutError>> {
        self.within(self.idle, future)
    }

    /// Awaits a future under the timers, and under `idle` from now. The sleep is only set once the future is
    /// pending: most parts of a body are there already.
    async fn within<F: Future>(
        &self,
        idle: Option<Duration>,
        mut future: Pin<&mut F>,
    ) -> Result<F::Output, TimeoutError> {
        let mut timer = pin!(None);
        let mut which = TimeoutError::Total;
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            if timer.is_none()
                && let Some((deadline, of)) = self.first(idle)
            {
                timer.set(Some(sleep_until(deadline)));
                which = of;
            }
            match timer.as_mut().as_pin_mut() {
                Some(timer) => timer.poll(context).map(|()| Err(which)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// The timer that fires first; of timers that fire together, the outermost.
    fn first(&self, idle: Option<Duration>) -> Option<(Instant, TimeoutError)> {
        let idle = idle.and_then(|timeout| Instant::now().checked_add(timeout));
        [
            (self.total, TimeoutError::Total),
            (self.attempt, TimeoutError::Attempt),
            (idle, TimeoutError::Idle),
        ]
        .into_iter()
        .filter_map(|(deadline, which)| Some((deadline?, which)))
        .min_by_key(|(deadline, _)| *deadline)
    }
}

/// The idle timer of a body that the user streams. It runs from the first poll for a part until the part
/// arrives, also if the future of that poll is dropped, and not while the user does not poll.
#[derive(Debug)]
pub(crate) struct IdleTimer {
    timers: AttemptTimers,
    /// Made when it is first needed, and set again after that.
    sleep: Option<Pin<Box<Sleep>>>,
    is_set: bool,
}

impl IdleTimer {
    /// Waits until the time is over: the error to fail with then.
    pub(crate) fn poll_over(&mut self, context: &mut Context<'_>, wait: &str) -> Poll<Error> {
        let Some(idle) = self.timers.idle else { return Poll::Pending };
        if !self.is_set {
            let Some(end) = Instant::now().checked_add(idle) else { return Poll::Pending };
            match &mut self.sleep {
                Some(sleep) => sleep.as_mut().reset(end),
                none => *none = Some(Box::pin(sleep_until(end))),
            }
            self.is_set = true;
        }
        let Some(sleep) = &mut self.sleep else { return Poll::Pending };
        ready!(sleep.as_mut().poll(context));
        Poll::Ready(self.timers.timed_out(TimeoutError::Idle, wait))
    }

    /// The same timer for another reader.
    pub(crate) fn again(&self) -> Self {
        Self { timers: self.timers, sleep: None, is_set: false }
    }

    /// A part has arrived.
    pub(crate) fn stop(&mut self) {
        self.is_set = false;
    }
}
