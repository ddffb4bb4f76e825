//! Retries: the policy as data, and what decides by it.
//!
//! ```text
//! error, request, time left ─ decision ─► again after a while ─ budget ─► the next attempt
//!                                     └─► the error, as the call's
//! ```
//!
//! The policy ([`Retry`]) says what is asked for; what is safe is not its to say. The loop
//! itself is the exchange's.

pub(crate) mod budget;
pub(crate) mod decision;
mod random;

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};

pub(crate) use self::random::{fraction, uuid};
use crate::error::Error;

/// The header that makes a request repeatable (draft-ietf-httpapi-idempotency-key-header).
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// When a request is tried again, how often, and after which wait.
///
/// Nothing is retried unless a [request](crate::Request::retry) or its
/// [session](crate::SessionBuilder::retry) asks for it, except what was certainly not taken: a stream that
/// the server refused, and a request whose connection closed before a byte of it was written. Those are
/// sent again at once, a few times, and are no attempts of a policy. An attempt reaches from the connection to
/// the last byte of a buffered body, so that a body which was cut short can be retried, and a
/// value that cannot be decoded is not.
///
/// # What is retried
///
/// By default what may be gone with the next try:
///
/// - no connection, except for a certificate that was not accepted, or credentials that a proxy refused
///   (407);
/// - a timeout, but for the total one;
/// - a connection that was lost before the response, or within a body of known length;
/// - the statuses 408, 425, 429, 500, 502, 503 and 504.
///
/// [`on`](Retry::on) asks for others. Whatever it asks for, **a request that may have been processed
/// is repeated only if that is safe**: if its method is idempotent (RFC 9110 §9.2.2: GET, HEAD,
/// OPTIONS, TRACE, PUT and DELETE), or it carries an `Idempotency-Key`. A POST or PATCH without one
/// is retried only if nothing of it was [sent](crate::Error::sent), on any hop, or the server
/// refused it with 429 and a `Retry-After` that can be read. A body that is a stream is never sent again.
///
/// # How long it waits
///
/// A random part of the [backoff](Retry::backoff) (full jitter), and at least as long as the
/// server asks for in `Retry-After`, in seconds or as a date against the response's own `Date`,
/// and up to a tenth longer. A longer wait than [30 s](Retry::max_retry_after), or one that the
/// total timeout leaves no time for, is not begun: the call ends at once, with the error that it has.
///
/// # How it ends
///
/// With the last error, which tells its [attempts](crate::Error::attempts). If the total timeout
/// runs out during a later attempt, its error has the one before as its source.
///
/// Against retry storms, each origin has a budget that its retries draw on: see
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
    /// At most this many tries more after the first. With 0, none, whatever the session says.
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

    /// Which errors to retry, in place of those by default. Errors of the classes
    /// [`Build`](crate::ErrorKind::Build) and [`Decode`](crate::ErrorKind::Decode), and the
    /// [total timeout](crate::TimeoutError::Total), are never retried.
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

    /// The longest wait before the second try, which doubles with each further one, and the
    /// longest before any. 100 ms and 10 s by default. The wait is a random part of it; a backoff
    /// of zero does not wait.
    pub fn backoff(mut self, first_and_most: Range<Duration>) -> Self {
        self.backoff = first_and_most;
        self
    }

    /// The longest wait that a server can ask for with `Retry-After`; 30 s by default. One that
    /// asks for more is not asked again.
    pub fn max_retry_after(mut self, wait: Duration) -> Self {
        self.max_retry_after = wait;
        self
    }

    /// Sends the header `Idempotency-Key` with requests whose method is not idempotent: a random
    /// UUID as a quoted string, the same on every attempt and another one for every call. It tells
    /// the server that what it has processed is not to be processed again, and so makes POST and
    /// PATCH repeatable: ask for it where the server knows the header.
    ///
    /// A request that has such a [header](crate::Request::header) of its own keeps it, and is as
    /// repeatable.
    pub fn idempotency_key(mut self) -> Self {
        self.idempotency_key = true;
        self
    }

    /// Calls this before each wait, with the error of the attempt that failed, which tells how many
    /// [attempts](Error::attempts) there were, and the time until the next.
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

    /// Whether there is more than one try.
    pub(crate) fn is_any(&self) -> bool {
        self.times > 0
    }

    /// A key for one call, if it was asked for.
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
