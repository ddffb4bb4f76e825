//! Watching a call and its attempts: each guard tells of exactly one end, by its drop if need be.

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

/// What is told of a call, and to whom.
pub(crate) struct Watchers {
    target: Target,
    observers: Observers,
    start: Instant,
    /// How many requests were sent.
    sends: AtomicU32,
    has_failed: AtomicBool,
    /// Whether the span stays open until what becomes of an error is known.
    is_handled: bool,
    /// None once the function that the call was made for has ended.
    span: Mutex<Option<Span>>,
    /// The response that its reader has still to tell the end of.
    unread: Mutex<Option<Unread>>,
}

/// A response that arrived, and is not read yet.
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

    /// Tells how the call ended, in its span and to the observers.
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
        let (target, elapsed) = (&self.target, self.start.elapsed());
        let report = CallReport { target, end, attempts, elapsed };
        self.tell(|observer| observer.call(&report));
        // What becomes of a failure that is handled belongs to the span.
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
        // Without the lock: a subscriber may do anything when a span is closed.
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

/// A response that nothing read was all that was wanted of the call.
impl Drop for Watchers {
    fn drop(&mut self) {
        // The thread may be unwinding: a panic of an observer would abort the program.
        let _ = catch_unwind(AssertUnwindSafe(|| self.was_read(None)));
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watchers")
    }
}

/// A call that begins, and who is told of it.
pub(crate) struct Begin<'a> {
    /// Those of the session.
    pub(crate) observers: &'a Observers,
    /// That of the request.
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) method: &'a Method,
    pub(crate) template: &'a Cow<'static, str>,
    /// None if the request has none that is valid.
    pub(crate) url: Option<&'a Url>,
    pub(crate) start: Instant,
    /// Whether the span stays open until what becomes of an error is known.
    pub(crate) is_handled: bool,
    /// Whether what reads the response tells how the call ended.
    pub(crate) is_read: bool,
}

/// A call that is watched. A call that nobody watches costs no more than to find that out.
pub(crate) struct CallWatch(Option<Box<Watched>>);

struct Watched {
    watchers: Arc<Watchers>,
    span: Span,
    attempts: u32,
    is_read: bool,
    has_ended: bool,
}

impl CallWatch {
    /// Nobody watches.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whether anyone would watch a call: an observer of its session or of its own, or a subscriber.
    pub(crate) fn is_wanted(observers: &Observers, observer: &Option<Arc<dyn Observer>>) -> bool {
        !observers.is_empty()
            || observer.is_some()
            || tracing::span_enabled!(target: "backstop", Level::INFO)
    }

    pub(crate) fn begin(call: Begin<'_>) -> Self {
        let Begin { observers, observer, method, template, url, start, is_handled, is_read } = call;
        let template = match template {
            Cow::Borrowed(template) => Some(*template),
            // It may be a URL, of which there is no bounded number.
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

    /// The span of the call; none if nobody watches.
    pub(crate) fn span(&self) -> Span {
        self.0.as_ref().map_or_else(Span::none, |watched| watched.span.clone())
    }

    /// What an error of the call keeps.
    pub(crate) fn observed(&self) -> Option<Arc<dyn Observed>> {
        let watched = self.0.as_ref()?;
        Some(Arc::<Watchers>::clone(&watched.watchers))
    }

    /// Watches the next attempt, which starts now.
    pub(crate) fn attempt(&mut self, request_body: Option<u64>) -> AttemptWatch {
        let Some(watched) = &mut self.0 else { return AttemptWatch(None) };
        watched.attempts += 1;
        let sizes = Sizes { request: request_body, response: None };
        AttemptWatch(Some(Box::new(WatchedAttempt {
            watchers: Arc::clone(&watched.watchers),
            span: span::attempt(watched.attempts),
            number: watched.attempts,
            start: Instant::now(),
            sizes,
            has_ended: false,
        })))
    }

    /// Tells of a retry, before its wait.
    pub(crate) fn retry(&self, error: &Error, delay: Duration) {
        span::retry(error, delay);
        if let Some(watched) = &self.0 {
            let report = RetryReport { target: &watched.watchers.target, error, delay };
            watched.watchers.tell(|observer| observer.retry(&report));
        }
    }

    /// Tells how the call ended, or leaves that to what reads its response.
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

/// An attempt that is watched.
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
    /// The span of the attempt; none if nobody watches.
    pub(crate) fn span(&self) -> Span {
        self.0.as_ref().map_or_else(Span::none, |watched| watched.span.clone())
    }

    /// The template of the first hop, for the name of its span.
    pub(crate) fn template(&self) -> Option<&str> {
        self.0.as_ref()?.watchers.target.template()
    }

    /// Whether anyone watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// How often the call has sent something before this, which is sent now.
    pub(crate) fn next_resend(&self) -> u32 {
        let Some(watched) = &self.0 else { return 0 };
        watched.watchers.sends.fetch_add(1, Ordering::Relaxed)
    }

    /// Tells of a response, and how long its body was.
    pub(crate) fn end(mut self, status: StatusCode, body: Option<u64>) {
        if let Some(watched) = &mut self.0 {
            watched.sizes.response = body;
            watched.end(End::Response(status));
        }
    }

    /// Tells why it failed, and how much of a response's body was read.
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

impl Drop for WatchedAttempt {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = catch_unwind(AssertUnwindSafe(|| self.end(End::Cancelled)));
        }
    }
}
