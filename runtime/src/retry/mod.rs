//! Retry policies, the decision whether to retry, and the budget.
//!
//! ```text
//! error, request, remaining time ─ decision ─► delay ─ budget ─► the next attempt
//!                                         └─► the error, as the call's
//! ```
//!
//! The policy ([`Retry`]) says what to retry; whether a retry is safe is not up to the policy. The loop
//! itself is in the exchange.

pub(crate) mod budget;
pub(crate) mod decision;
mod random;

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};

pub(crate) use self::random::{fraction, uuid};
use crate::error::Error;

/// The header that makes a request repeatable (draft-ietf-httpapi-idempotency-key-header).
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A retry policy: which errors are retried, how often, and after what delay.
///
/// A request is retried only if the [request](crate::Request::retry) or its
/// [session](crate::SessionBuilder::retry) has a policy. The exceptions are requests that the server
/// certainly did not process: the server refused the HTTP/2 stream, or the connection closed before a byte of
/// the request was written. These are sent again at once, a few times, and do not count as attempts. An
/// attempt includes the whole body if it is buffered: a truncated body is retried, but a value that cannot be
/// decoded is not.
///
/// # What is retried
///
/// By default, errors that may be temporary:
///
/// - failed connections, unless a certificate was not accepted or a proxy refused the credentials (407);
/// - timeouts, except the total timeout;
/// - connections that were lost before the response, or within a body of known length;
/// - the statuses 408, 425, 429, 500, 502, 503 and 504.
///
/// [`on`](Retry::on) selects other errors. In any case, **a request that may have been processed is repeated
/// only if that is safe**: its method is idempotent (RFC 9110 §9.2.2: GET, HEAD, OPTIONS, TRACE, PUT and
/// DELETE), or it has an `Idempotency-Key` header. A POST or PATCH without this header is retried only if
/// nothing was [sent](crate::Error::sent) on any hop, or if the server refused it with the status 429 and a
/// valid `Retry-After`. A body that is a stream is never sent again.
///
/// # Delays
///
/// The delay is a random part of the [backoff](Retry::backoff) (full jitter). If the response has a
/// `Retry-After` (seconds, or a date relative to the response's own `Date`), the delay is at least that long,
/// plus up to a tenth. If the server asks for more than [30 s](Retry::max_retry_after), or if the total
/// timeout leaves no time for the delay, the call ends at once with the error of the last attempt.
///
/// # Errors
///
/// The call ends with the error of the last attempt, which has the number of
/// [attempts](crate::Error::attempts). If the total timeout ends a later attempt, the error of the previous
/// attempt is the source of the timeout error.
///
/// To prevent retry storms, all retries to an origin share a budget: see
/// [`SessionBuilder::retry_budget`](crate::SessionBuilder::retry_budget).
///
/// ```
/// use std::time::Duration;
/// use backstop::{Request, Retry};
///
/// let order = Request::post("https://api.example.com/orders").json(&["tea"]).retry(
///     Retry::times(3)
///         .backoff(Duration::from_millis(200)..Duration::from_secs(5))
///         .idempotency_key(),
/// );
/// ```
#[derive(Clone)]
#[must_use = "a policy does nothing until a request or a session has it"]
pub struct Retry {
    times: u32,
    backoff: Range<Duration>,
    max_retry_after: Duration,
    idempotency_key: bool,
    on: Option<Arc<On>>,
    on_retry: Option<Arc<OnRetry>>,
}

type On = dyn Fn(&Error) -> bool + Send + Sync;
type OnRetry = dyn Fn(&Error, Duration) + Send + Sync;

impl Retry {
    /// Creates a policy with at most this many retries after the first attempt. 0 disables retries, even if
    /// the session has a policy.
    pub const fn times(times: u32) -> Self {
        Self {
            times,
            backoff: Duration::from_millis(100)..Duration::from_secs(10),
            max_retry_after: Duration::from_secs(30),
            idempotency_key: false,
            on: None,
            on_retry: None,
        }
    }

    /// Selects the errors to retry, instead of the default ones. Errors of the classes
    /// [`Build`](crate::ErrorKind::Build) and [`Decode`](crate::ErrorKind::Decode), and the [total
    /// timeout](crate::TimeoutError::Total), are never retried.
    ///
    /// ```
    /// use backstop::{ErrorKind, Retry};
    ///
    /// let retry = Retry::times(5)
    ///     .on(|error| matches!(error.kind(), ErrorKind::Connect(_) | ErrorKind::Status(503)));
    /// ```
    pub fn on(mut self, on: impl Fn(&Error) -> bool + Send + Sync + 'static) -> Self {
        self.on = Some(Arc::new(on));
        self
    }

    /// Sets the maximum delay before the first retry, and the maximum delay before any retry. The defaults
    /// are 100 ms and 10 s. The maximum doubles with each retry, and the delay is a random part of it. A
    /// backoff of zero retries without delay.
    pub fn backoff(mut self, first_and_most: Range<Duration>) -> Self {
        self.backoff = first_and_most;
        self
    }

    /// Sets the maximum delay that a server can request with `Retry-After`. The default is 30 s. If the
    /// server asks for a longer delay, the call is not retried.
    pub fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Sends the header `Idempotency-Key` with requests whose method is not idempotent. The value is a random
    /// UUID as a quoted string. It is the same for all attempts of a call, and different for each call. A
    /// server that supports the header processes requests with the same key only once, which makes POST and
    /// PATCH repeatable. Use it only with such a server.
    ///
    /// A request that already has this [header](crate::Request::header) keeps it, and is repeatable as well.
    pub fn idempotency_key(mut self) -> Self {
        self.idempotency_key = true;
        self
    }

    /// Calls `observe` before each delay, with the error of the failed attempt and the delay. The error has
    /// the number of [attempts](Error::attempts) so far.
    ///
    /// ```
    /// # use backstop::Retry;
    /// let retry = Retry::times(3)
    ///     .on_retry(|error, delay| eprintln!("{error}; again in {delay:?}"));
    /// ```
    pub fn on_retry(mut self, observe: impl Fn(&Error, Duration) + Send + Sync + 'static) -> Self {
        self.on_retry = Some(Arc::new(observe));
        self
    }

    /// Whether the policy allows a retry.
    pub(crate) fn allows_retries(&self) -> bool {
        self.times > 0
    }

    /// The idempotency key of one call, if the policy asks for one.
    pub(crate) fn key(&self, new_uuid: fn() -> String) -> Option<HeaderValue> {
        // A string of RFC 9651, which is quoted.
        let key = || HeaderValue::try_from(format!("\"{}\"", new_uuid())).ok();
        self.idempotency_key.then(key).flatten()
    }

    pub(crate) fn observer(&self) -> Option<&OnRetry> {
        self.on_retry.as_deref()
    }
}

impl From<u32> for Retry {
    fn from(times: u32) -> Self {
        Self::times(times)
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("times", &self.times)
            .field("backoff", &self.backoff)
            .field("max_retry_after", &self.max_retry_after)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}
