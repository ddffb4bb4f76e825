//! What is told of a call while it runs: spans of `tracing`, and the session's observers.
//!
//! ```text
//! CallWatch ─► span of the call ─► span of each attempt ─► span of each hop
//!     └──────► Observer::{started, attempt, retry, call, recovered}
//! ```
//!
//! Names and types are those of OpenTelemetry's semantic conventions for HTTP clients. What is told
//! could also stand in an error's message: URLs are redacted, and there are no headers and no bodies.

#[cfg(feature = "metrics")]
mod metrics;
pub(crate) mod span;
mod watch;

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use http::{Method, StatusCode};
use url::Url;

#[cfg(feature = "metrics")]
pub use self::metrics::Metrics;
pub(crate) use self::{
    span::within,
    watch::{AttemptWatch, Begin, CallWatch},
};
use crate::{error::Error, redact};

/// Is told of the calls of a session: how each ended, and of its attempts and retries.
///
/// Every method does nothing by default. They are called in the task of the call, and should not
/// block. [`started`](Observer::started) and [`call`](Observer::call) are called exactly once for each
/// call that is polled, also if it is cancelled or cannot be built.
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

    /// An attempt ended: with a response, with an error, or because its call was cancelled. A request
    /// that was not sent, such as one whose URL is not valid, has none.
    fn attempt(&self, attempt: &AttemptReport<'_>) {
        let _ = attempt;
    }

    /// An attempt failed, and is followed by another one.
    fn retry(&self, retry: &RetryReport<'_>) {
        let _ = retry;
    }

    /// A call ended: its response arrived and was read, or it failed, or it was cancelled.
    ///
    /// A function under [`request`](macro@crate::request), and a request that says what
    /// [reads](crate::Request::reads) its response, end when the response was read as its type: one that
    /// cannot be is a failure of the call. Other calls end with the response, its body read unless it is left
    /// open; what is then made of it is no part of the call.
    fn call(&self, call: &CallReport<'_>) {
        let _ = call;
    }

    /// A function whose call failed succeeded all the same, by `recover` or by its `fallback`.
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

/// The observers of a session, in the order that they were given in.
pub(crate) type Observers = Arc<[Arc<dyn Observer>]>;

/// What a call requests, in words of a bounded number: fit for the labels of metrics.
#[derive(Debug, Clone)]
pub struct Target {
    method: Method,
    template: Option<Cow<'static, str>>,
    scheme: Option<&'static str>,
    host: Option<String>,
    port: Option<u16>,
}

impl Target {
    pub(crate) fn new(method: &Method, template: Option<&'static str>, url: Option<&Url>) -> Self {
        let template = template.map(|template| redact::template(Cow::Borrowed(template)));
        let scheme = url.map(|url| if url.scheme() == "https" { "https" } else { "http" });
        let host = url.and_then(|url| url.host_str()).map(str::to_owned);
        let port = url.and_then(Url::port_or_known_default);
        Self { method: method.clone(), template, scheme, host, port }
    }

    /// The method, as the caller asked for it.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The name of the method as OpenTelemetry has it (`http.request.method`): `_OTHER` for one that is
    /// not of RFC 9110, RFC 5789 or the QUERY method.
    pub fn method_name(&self) -> &'static str {
        span::method_name(&self.method)
    }

    /// The template (`url.template`), redacted as in an error. `None` if the URL was made as the program
    /// ran, and so is not one of a bounded number.
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

/// How many bytes the bodies had, as they were transferred.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sizes {
    /// None for a body that is a stream.
    pub(crate) request: Option<u64>,
    /// None where no response arrived, or its body was left open.
    pub(crate) response: Option<u64>,
}

/// The end of an attempt, as an [`Observer`] is told of it.
#[derive(Debug)]
pub struct AttemptReport<'a> {
    target: &'a Target,
    end: End<'a>,
    number: u32,
    elapsed: Duration,
    sizes: Sizes,
}

/// The end of a call, as an [`Observer`] is told of it.
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

            /// Whether its future was dropped before it was done.
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

    /// The size of the response's body in bytes, as it was transferred: compressed, if it was. Of one that was
    /// not read to its end (that of an error may be long) it is what arrived. `None` if there is no response,
    /// or its body is left open.
    pub fn response_body_size(&self) -> Option<u64> {
        self.sizes.response
    }
}

impl CallReport<'_> {
    /// How often the request was tried.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

/// A retry, as an [`Observer`] is told of it before the wait.
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

    /// Why the last attempt failed; it tells how many [attempts](Error::attempts) there were.
    pub fn error(&self) -> &'a Error {
        self.error
    }

    /// The time until the next attempt.
    pub fn delay(&self) -> Duration {
        self.delay
    }
}

/// A failure that became a success, as an [`Observer`] is told of it.
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

    /// Whether it was the `fallback`, and not an arm that `recover`s.
    pub fn is_fallback(&self) -> bool {
        self.is_fallback
    }
}

impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
