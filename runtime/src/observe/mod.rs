//! Observation of calls while they run: `tracing` spans, and the session's observers.
//!
//! ```text
//! CallWatch ─► span of the call ─► span of each attempt ─► span of each hop
//!     └──────► Observer::{started, attempt, retry, call, recovered}
//! ```
//!
//! Names and types are those of OpenTelemetry's semantic conventions for HTTP clients. Nothing is recorded
//! that an error message would not show: URLs are redacted, and headers and bodies are left out.

#[cfg(feature = "metrics")]
mod metrics;
pub(crate) mod span;
mod watch;

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{Method, StatusCode};
use url::Url;

#[cfg(feature = "metrics")]
pub use self::metrics::Metrics;
pub(crate) use self::{
    span::within,
    watch::{AttemptWatch, Begin, CallWatch},
};
use crate::{error::Error, redact};

/// Observes the calls of a session: their start and end, their attempts and their retries.
///
/// Every method does nothing by default. The methods run in the task of the call, and should not block.
/// [`started`](Observer::started) and [`call`](Observer::call) are called exactly once for each call that is
/// polled, even if it is cancelled or cannot be built.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use backstop::{Session, observe::{CallReport, Observer}};
///
/// #[derive(Default)]
/// struct Slow(AtomicU64);
///
/// impl Observer for Slow {
///     fn call(&self, call: &CallReport<'_>) {
///         if call.elapsed().as_secs() >= 5 {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let session = Session::builder().observer(Slow::default()).build()?;
/// # Ok::<(), backstop::Error>(())
/// ```
pub trait Observer: Send + Sync + 'static {
    /// A call begins.
    fn started(&self, call: &Target) {
        let _ = call;
    }

    /// An attempt ended: with a response, with an error, or because its call was cancelled. A request that
    /// was never sent, for example because its URL is not valid, has no attempts.
    fn attempt(&self, attempt: &AttemptReport<'_>) {
        let _ = attempt;
    }

    /// An attempt failed, and is followed by another one.
    fn retry(&self, retry: &RetryReport<'_>) {
        let _ = retry;
    }

    /// A call ended: its response arrived and was read, or it failed, or it was cancelled.
    ///
    /// The call of a function under [`request`](macro@crate::request), and of a request that declares the
    /// type that it [reads](crate::Request::reads), ends when the response has been decoded: a response that
    /// cannot be decoded is a failed call. Other calls end when the response is returned, after its body was
    /// read unless it is streamed; decoding it is not part of the call.
    fn call(&self, call: &CallReport<'_>) {
        let _ = call;
    }

    /// The call failed, but its function succeeded, by `recover` or by its `fallback`.
    fn recovered(&self, recovery: &RecoveryReport<'_>) {
        let _ = recovery;
    }
}

impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn started(&self, call: &Target) {
        (**self).started(call);
    }

    fn attempt(&self, attempt: &AttemptReport<'_>) {
        (**self).attempt(attempt);
    }

    fn retry(&self, retry: &RetryReport<'_>) {
        (**self).retry(retry);
    }

    fn call(&self, call: &CallReport<'_>) {
        (**self).call(call);
    }

    fn recovered(&self, recovery: &RecoveryReport<'_>) {
        (**self).recovered(recovery);
    }
}

/// The observers of a session, in the order in which they were added.
pub(crate) type Observers = Arc<[Arc<dyn Observer>]>;

/// What a call requests, as values of low cardinality: suitable as labels of metrics.
#[derive(Debug, Clone)]
pub struct Target {
    method: Method,
    template: Option<Cow<'static, str>>,
    scheme: Option<&'static str>,
    host: Option<String>,
    port: Option<u16>,
    /// The name of the spans of the call and of its first hop. Made when a span is.
    span_name: OnceLock<Cow<'static, str>>,
}

impl Target {
    pub(crate) fn new(method: &Method, template: Option<&'static str>, url: Option<&Url>) -> Self {
        let template = template.map(|template| redact::template(Cow::Borrowed(template)));
        let scheme = url.map(|url| if url.scheme() == "https" { "https" } else { "http" });
        let host = url.and_then(|url| url.host_str()).map(str::to_owned);
        let port = url.and_then(Url::port_or_known_default);
        let (method, span_name) = (method.clone(), OnceLock::new());
        Self { method, template, scheme, host, port, span_name }
    }

    /// The name of the spans of the call and of its first hop.
    fn span_name(&self) -> &str {
        self.span_name.get_or_init(|| span::name(&self.method, self.template()))
    }

    /// The method of the caller's request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The name of the method in OpenTelemetry (`http.request.method`): `_OTHER` for a method that is neither
    /// in RFC 9110 nor PATCH (RFC 5789) nor QUERY.
    pub fn method_name(&self) -> &'static str {
        span::method_name(&self.method)
    }

    /// The template (`url.template`), redacted as in an error. `None` if the URL was built at run time,
    /// because the number of such URLs is unbounded.
    pub fn template(&self) -> Option<&str> {
        self.template.as_deref()
    }

    /// `http` or `https` (`url.scheme`). `None` if the request has no valid URL.
    pub fn scheme(&self) -> Option<&'static str> {
        self.scheme
    }

    /// The host that the request names (`server.address`), before redirects.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port that the request names, or its scheme's (`server.port`).
    pub fn port(&self) -> Option<u16> {
        self.port
    }
}

/// How an attempt or a call ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End<'a> {
    Response(StatusCode),
    Failed(&'a Error),
    Cancelled,
}

impl<'a> End<'a> {
    fn status(self) -> Option<StatusCode> {
        match self {
            Self::Response(status) => Some(status),
            Self::Failed(error) => error.status(),
            Self::Cancelled => None,
        }
    }

    fn error(self) -> Option<&'a Error> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Response(_) | Self::Cancelled => None,
        }
    }
}

/// The sizes of the bodies in bytes, as transferred.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sizes {
    /// None for a streamed body.
    pub(crate) request: Option<u64>,
    /// None if no response arrived, or its body is streamed.
    pub(crate) response: Option<u64>,
}

/// Describes the end of an attempt to an [`Observer`].
#[derive(Debug)]
pub struct AttemptReport<'a> {
    target: &'a Target,
    end: End<'a>,
    number: u32,
    elapsed: Duration,
    sizes: Sizes,
}

/// Describes the end of a call to an [`Observer`].
#[derive(Debug)]
pub struct CallReport<'a> {
    target: &'a Target,
    end: End<'a>,
    attempts: u32,
    elapsed: Duration,
}

macro_rules! ended {
    ($report:ident, $what:literal) => {
        impl<'a> $report<'a> {
            /// What was requested.
            pub fn target(&self) -> &'a Target {
                self.target
            }

            /// The status of the response, if one arrived.
            pub fn status(&self) -> Option<StatusCode> {
                self.end.status()
            }

            #[doc = concat!("Why the ", $what, " failed, if it did.")]
            pub fn error(&self) -> Option<&'a Error> {
                self.end.error()
            }

            /// Whether its future was dropped before it completed.
            pub fn is_cancelled(&self) -> bool {
                matches!(self.end, End::Cancelled)
            }

            #[doc = concat!("The time from the start of the ", $what, " to its end.")]
            pub fn elapsed(&self) -> Duration {
                self.elapsed
            }
        }
    };
}

ended!(AttemptReport, "attempt");
ended!(CallReport, "call");

impl AttemptReport<'_> {
    /// The number of the attempt in its call, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The size of the request's body in bytes. `None` for a stream.
    pub fn request_body_size(&self) -> Option<u64> {
        self.sizes.request
    }

    /// The size of the response's body in bytes, as transferred, before decompression. If the body was not
    /// read to its end, as a long body of an error, it is the size that arrived. `None` if there is no
    /// response, or its body is streamed.
    pub fn response_body_size(&self) -> Option<u64> {
        self.sizes.response
    }
}

impl CallReport<'_> {
    /// The number of attempts.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// Describes a retry to an [`Observer`], before the delay.
#[derive(Debug)]
pub struct RetryReport<'a> {
    target: &'a Target,
    error: &'a Error,
    delay: Duration,
}

impl<'a> RetryReport<'a> {
    /// What is requested.
    pub fn target(&self) -> &'a Target {
        self.target
    }

    /// The error of the last attempt, which has the number of [attempts](Error::attempts).
    pub fn error(&self) -> &'a Error {
        self.error
    }

    /// The delay before the next attempt.
    pub fn delay(&self) -> Duration {
        self.delay
    }
}

/// Describes to an [`Observer`] a failed call whose function succeeded.
#[derive(Debug)]
pub struct RecoveryReport<'a> {
    target: &'a Target,
    error: &'a Error,
    is_fallback: bool,
}

impl<'a> RecoveryReport<'a> {
    /// What was requested.
    pub fn target(&self) -> &'a Target {
        self.target
    }

    /// The error that the function recovered from.
    pub fn error(&self) -> &'a Error {
        self.error
    }

    /// Whether the function used its `fallback`, rather than an arm with `recover`.
    pub fn is_fallback(&self) -> bool {
        self.is_fallback
    }
}

impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
