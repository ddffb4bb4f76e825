//! Watching a call and its attempts: each guard tells of exactly one end, by its drop if need be.

use std::{
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
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
    /// How many requests were sent.
    sends: AtomicU32,
    has_failed: AtomicBool,
    /// None once the function that the call was made for has ended.
    span: Mutex<Option<Span>>,
}

impl Watchers {
    fn tell(&self, tell: impl Fn(&dyn Observer)) {
        for observer in &*self.observers {
            tell(&**observer);
        }
    }

    fn span(&self) -> Option<Span> {
        self.span.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let span = self.span.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Without the lock: a subscriber may do anything when a span is closed.
        drop(span);
    }
}

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watchers")
    }
}

/// A call that is watched. A call that nobody watches costs no more than to find that out.
pub(crate) struct CallWatch(Option<Box<Watched>>);

struct Watched {
    watchers: Arc<Watchers>,
    span: Span,
    start: Instant,
    attempts: u32,
    /// Whether the span stays open until what becomes of an error is known.
    is_handled: bool,
    has_ended: bool,
}

impl CallWatch {
    /// Nobody watches.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Whether anyone would watch a call.
    pub(crate) fn is_wanted(observers: &Observers) -> bool {
        !observers.is_empty() || tracing::span_enabled!(target: "backstop", Level::INFO)
    }

    #[expect(clippy::ptr_arg, reason = "whether it is owned matters")]
    pub(crate) fn begin(
        observers: &Observers,
        method: &Method,
        template: &Cow<'static, str>,
        url: Option<&Url>,
        start: Instant,
        is_handled: bool,
    ) -> Self {
        let template = match template {
            Cow::Borrowed(template) => Some(*template),
            // It may be a URL, of which there is no bounded number.
            Cow::Owned(_) => None,
        };
        let target = Target::new(method, template, url);
        let span = span::call(&target);
        let watchers = Watchers {
            target,
            observers: Arc::clone(observers),
            sends: AtomicU32::new(0),
            has_failed: AtomicBool::new(false),
            span: Mutex::new(Some(span.clone())),
        };
        watchers.tell(|observer| observer.started(&watchers.target));
        let watchers = Arc::new(watchers);
        let watched = Watched { watchers, span, start, attempts: 0, is_handled, has_ended: false };
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

    /// Tells how the call ended.
    pub(crate) fn end(mut self, outcome: Result<StatusCode, &Error>) {
        if let Some(watched) = &mut self.0 {
            watched.end(match outcome {
                Ok(status) => End::Response(status),
                Err(error) => End::Failed(error),
            });
        }
    }
}

impl Watched {
    fn end(&mut self, end: End<'_>) {
        self.has_ended = true;
        self.watchers.has_failed.store(matches!(end, End::Failed(_)), Ordering::Relaxed);
        let Self { watchers, span, start, attempts, is_handled, .. } = self;
        span.record("backstop.attempts", i64::from(*attempts));
        match end {
            End::Response(status) => span::record_status(span, status),
            End::Failed(error) => record_failure(span, error),
            End::Cancelled => {
                span.record("backstop.outcome", "cancelled");
                span.in_scope(span::cancelled);
            }
        }
        let report = CallReport {
            target: &watchers.target,
            end,
            attempts: *attempts,
            elapsed: start.elapsed(),
        };
        watchers.tell(|observer| observer.call(&report));
        if !*is_handled || matches!(end, End::Cancelled) {
            watchers.end();
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.has_ended {
            // The thread may be unwinding: a panic of an observer would abort the program.
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

    /// Tells why it failed.
    pub(crate) fn end_failed(mut self, error: impl FnOnce() -> Error) {
        if let Some(watched) = &mut self.0 {
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
