//! Watches a call and its attempts: each guard reports exactly one end, in its drop if necessary.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use http::{Method, StatusCode};
use tokio::time::Instant;
use tracing::{Level, Span};
use url::Url;

use super::{
    AttemptReport, CallReport, End, Observer, Observers, RecoveryReport, RetryReport, Sizes,
    Target, span,
};
use crate::error::{Error, Observed};

/// The span and the observers of a call.
pub(crate) struct Watchers {
    target: Target,
    observers: Observers,
    start: Instant,
    /// The number of hops sent.
    sends: AtomicU32,
    has_failed: AtomicBool,
    /// Whether the span stays open until an error has been handled.
    is_handled: bool,
    /// None after the function of the call has ended.
    span: Mutex<Option<Span>>,
    /// The response whose decoding decides how the call ends.
    unread: Mutex<Option<Unread>>,
}

/// A response that arrived, and is not decoded yet.
#[derive(Clone, Copy)]
struct Unread {
    status: StatusCode,
    attempts: u32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watchers {
    fn tell(&self, tell: impl Fn(&dyn Observer)) {
        for observer in &*self.observers {
            tell(&**observer);
        }
    }

    /// Whether a report is needed. Spans need none.
    fn has_observers(&self) -> bool {
        !self.observers.is_empty()
    }

    /// Reports the end of the call, in its span and to the observers.
    fn tell_end(&self, end: End<'_>, attempts: u32) {
        self.has_failed.store(matches!(end, End::Failed(_)), Ordering::Relaxed);
        let span = self.span().unwrap_or_else(Span::none);
        span.record("backstop.attempts", i64::from(attempts));
        match end {
            End::Response(status) => span::record_status(&span, status),
            End::Failed(error) => record_failure(&span, error),
            End::Cancelled => {
                span.record("backstop.outcome", "cancelled");
                span.in_scope(span::cancelled);
            }
        }
        drop(span);
        if self.has_observers() {
            let (target, elapsed) = (&self.target, self.start.elapsed());
            let report = CallReport { target, end, attempts, elapsed };
            self.tell(|observer| observer.call(&report));
        }
        // The handling of a failure belongs to the span.
        if !(self.is_handled && matches!(end, End::Failed(_))) {
            self.end();
        }
    }
}

impl Observed for Watchers {
    fn in_scope(&self, run: &mut dyn FnMut()) {
        match self.span() {
            Some(span) => span.in_scope(run),
            None => run(),
        }
    }

    fn recovered(&self, error: &Error, is_fallback: bool) {
        if let Some(span) = self.span() {
            let outcome = if is_fallback { "fallback" } else { "recovered" };
            span.record("backstop.outcome", outcome);
        }
        let report = RecoveryReport { target: &self.target, error, is_fallback };
        self.tell(|observer| observer.recovered(&report));
    }

    fn failed(&self, error: &Error) {
        if !self.has_failed.swap(true, Ordering::Relaxed)
            && let Some(span) = self.span()
        {
            span::record_error(&span, error);
        }
    }

    fn end(&self) {
        let span = lock(&self.span).take();
        // Outside the lock, as a subscriber may run any code when a span is closed.
        drop(span);
    }

    fn was_read(&self, error: Option<&Error>) {
        let unread = lock(&self.unread).take();
        let Some(Unread { status, attempts }) = unread else { return };
        self.tell_end(error.map_or(End::Response(status), End::Failed), attempts);
    }

    fn span(&self) -> Option<Span> {
        lock(&self.span).clone()
    }
}

/// A response that was never decoded is a success.
impl Drop for Watchers {
    fn drop(&mut self) {
        // If the thread is unwinding, a panic of an observer would abort the program.
        let _ = catch_unwind(AssertUnwindSafe(|| self.was_read(None)));
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watchers")
    }
}

/// The facts of a call that begins, and its observers.
pub(crate) struct Begin<'a> {
    /// The observers of the session.
    pub(crate) observers: &'a Observers,
    /// The observer of the request.
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) method: &'a Method,
    pub(crate) template: &'a Cow<'static, str>,
    /// None if the request has no valid URL.
    pub(crate) url: Option<&'a Url>,
    pub(crate) start: Instant,
    /// Whether the span stays open until an error has been handled.
    pub(crate) is_handled: bool,
    /// Whether decoding the response decides how the call ends.
    pub(crate) is_read: bool,
}

/// A watched call. A call without a subscriber and observers costs only this check.
pub(crate) struct CallWatch(Option<Box<Watched>>);

struct Watched {
    watchers: Arc<Watchers>,
    span: Span,
    attempts: u32,
    is_read: bool,
    has_ended: bool,
}

impl CallWatch {
    /// A call that is not watched.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whether a call is watched: by an observer of its session or of its own, or by a subscriber.
    pub(crate) fn is_wanted(observers: &Observers, observer: &Option<Arc<dyn Observer>>) -> bool {
        !observers.is_empty()
            || observer.is_some()
            || tracing::span_enabled!(target: "backstop", Level::INFO)
    }

    pub(crate) fn begin(call: Begin<'_>) -> Self {
        let Begin { observers, observer, method, template, url, start, is_handled, is_read } = call;
        let template = match template {
            Cow::Borrowed(template) => Some(*template),
            // A template that was built at run time may be a URL, and the number of URLs is unbounded.
            Cow::Owned(_) => None,
        };
        let target = Target::new(method, template, url);
        let span = span::call(&target);
        let watchers = Watchers {
            target,
            observers: match observer {
                None => Arc::clone(observers),
                Some(own) => observers.iter().cloned().chain([own]).collect(),
            },
            start,
            sends: AtomicU32::new(0),
            has_failed: AtomicBool::new(false),
            is_handled,
            span: Mutex::new(Some(span.clone())),
            unread: Mutex::new(None),
        };
        watchers.tell(|observer| observer.started(&watchers.target));
        let watchers = Arc::new(watchers);
        let watched = Watched { watchers, span, attempts: 0, is_read, has_ended: false };
        Self(Some(Box::new(watched)))
    }

    /// The span of the call, disabled if the call is not watched.
    pub(crate) fn span(&self) -> Span {
        self.0.as_ref().map_or_else(Span::none, |watched| watched.span.clone())
    }

    /// The handle that an error of the call keeps, to report how it was handled.
    pub(crate) fn observed(&self) -> Option<Arc<dyn Observed>> {
        let watched = self.0.as_ref()?;
        Some(Arc::<Watchers>::clone(&watched.watchers))
    }

    /// Watches the next attempt.
    pub(crate) fn attempt(&mut self, request_body: Option<u64>, start: Instant) -> AttemptWatch {
        let Some(watched) = &mut self.0 else { return AttemptWatch(None) };
        watched.attempts += 1;
        let sizes = Sizes { request: request_body, response: None };
        AttemptWatch(Some(Box::new(WatchedAttempt {
            watchers: Arc::clone(&watched.watchers),
            span: span::attempt(watched.attempts),
            number: watched.attempts,
            start,
            sizes,
            has_ended: false,
        })))
    }

    /// Reports a retry, before its delay.
    pub(crate) fn retry(&self, error: &Error, delay: Duration) {
        span::retry(error, delay);
        if let Some(watched) = &self.0 {
            let report = RetryReport { target: &watched.watchers.target, error, delay };
            watched.watchers.tell(|observer| observer.retry(&report));
        }
    }

    /// Reports the end of the call, or leaves that to the reader of its response.
    pub(crate) fn end(mut self, outcome: Result<StatusCode, &Error>) {
        let Some(watched) = &mut self.0 else { return };
        match outcome {
            Ok(status) if watched.is_read => {
                watched.has_ended = true;
                let unread = Unread { status, attempts: watched.attempts };
                *lock(&watched.watchers.unread) = Some(unread);
            }
            Ok(status) => watched.end(End::Response(status)),
            Err(error) => watched.end(End::Failed(error)),
        }
    }
}

impl Watched {
    fn end(&mut self, end: End<'_>) {
        self.has_ended = true;
        self.watchers.tell_end(end, self.attempts);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = catch_unwind(AssertUnwindSafe(|| self.end(End::Cancelled)));
        }
    }
}

fn record_failure(span: &Span, error: &Error) {
    if let Some(status) = error.status() {
        span::record_status(span, status);
    }
    span::record_error(span, error);
}

/// A watched attempt.
pub(crate) struct AttemptWatch(Option<Box<WatchedAttempt>>);

struct WatchedAttempt {
    watchers: Arc<Watchers>,
    span: Span,
    number: u32,
    start: Instant,
    sizes: Sizes,
    has_ended: bool,
}

impl AttemptWatch {
    /// The span of the attempt, disabled if it is not watched.
    pub(crate) fn span(&self) -> Span {
        self.0.as_ref().map_or_else(Span::none, |watched| watched.span.clone())
    }

    /// The target of the call, for the span of its first hop.
    pub(crate) fn target(&self) -> Option<&Target> {
        Some(&self.0.as_ref()?.watchers.target)
    }

    /// Whether the attempt is watched.
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Counts a hop, and returns how many hops the call sent before it.
    pub(crate) fn next_resend(&self) -> u32 {
        let Some(watched) = &self.0 else { return 0 };
        watched.watchers.sends.fetch_add(1, Ordering::Relaxed)
    }

    /// Reports a response, and the size of its body.
    pub(crate) fn end(mut self, status: StatusCode, body: Option<u64>) {
        if let Some(watched) = &mut self.0 {
            watched.sizes.response = body;
            watched.end(End::Response(status));
        }
    }

    /// Reports the error, and how much of the response's body was read.
    pub(crate) fn end_failed(mut self, body: Option<u64>, error: impl FnOnce() -> Error) {
        if let Some(watched) = &mut self.0 {
            watched.sizes.response = body;
            watched.end(End::Failed(&error()));
        }
    }
}

impl WatchedAttempt {
    fn end(&mut self, end: End<'_>) {
        self.has_ended = true;
        let Self { watchers, span, number, start, sizes, .. } = self;
        match end {
            End::Response(status) => span::record_status(span, status),
            End::Failed(error) => record_failure(span, error),
            End::Cancelled => {}
        }
        if watchers.has_observers() {
            let report = AttemptReport {
                target: &watchers.target,
                end,
                number: *number,
                elapsed: start.elapsed(),
                sizes: *sizes,
            };
            watchers.tell(|observer| observer.attempt(&report));
        }
    }
}

impl Drop for WatchedAttempt {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = catch_unwind(AssertUnwindSafe(|| self.end(End::Cancelled)));
        }
    }
}
