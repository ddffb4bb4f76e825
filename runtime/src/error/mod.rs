//! The error of a request: one word wide, cheap to clone, and safe to print.
//!
//! A stage of the exchange makes an [`Error`] of a kind, with its cause. The exchange then adds the facts of
//! the call (method, template, attempts, time) in one place, [`Error::with_call_facts`]. An error is safe to
//! print: the URL and the template are redacted before they are stored, and neither headers nor the body are
//! part of a message.

pub(crate) mod cause;
mod facts;
mod hop;
mod kind;
mod retry_after;

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Instant;
use tracing::Span;
use url::Url;

pub(crate) use self::facts::{Cost, Retried};
pub use self::hop::Hop;
pub use self::kind::{
    BodyError, BuildError, ConnectError, DecodeError, DisconnectedError, ErrorKind, RedirectError,
    Sent, TimeoutError,
};
use crate::{deadline::Deadline, redact};

/// The cause of an error, as the standard library boxes it.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// How much of a response's body an error keeps by default, in bytes.
pub(crate) const DEFAULT_ERROR_BODY: usize = 8 * 1024;

/// The error of a request: its [kind](Error::kind) and the facts of the call.
///
/// `Display` prints one line without the causes, and `{:#}` prints the whole chain of causes on one line.
/// Neither of these formats nor `Debug` shows secrets: the user information of the URL is omitted, the values
/// of its query are hidden, and headers and bodies are never printed.
///
/// To test error handlers, build an error with [`Error::new`].
///
/// ```
/// use backstop::{ConnectError, Error, ErrorKind, Sent};
///
/// let error = Error::new(ErrorKind::Connect(ConnectError::Refused));
/// assert!(error.is_connect());
/// assert_eq!(error.sent(), Sent::No);
/// assert_eq!(error.to_string(), "connection refused");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

/// The facts that an error carries.
#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    sent: Sent,
    detail: Option<Cow<'static, str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    previous: Option<Error>,
    method: Option<Method>,
    template: Option<Cow<'static, str>>,
    url: Option<Url>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Bytes,
    /// The body is the start of a longer one.
    is_body_cut: bool,
    decode_path: Option<String>,
    line: Option<u64>,
    attempts: u32,
    elapsed: Duration,
    history: Vec<Hop>,
    /// Who watched the call, for what becomes of the error.
    observed: Option<Arc<dyn Observed>>,
}

/// The facts of a call, which its response and its error both have.
#[derive(Debug, Clone)]
pub(crate) struct CallFacts {
    pub(crate) method: Method,
    pub(crate) template: Cow<'static, str>,
    pub(crate) attempts: u32,
    pub(crate) start: Instant,
    pub(crate) deadline: Deadline,
    /// How much of a body an error keeps, in bytes.
    pub(crate) error_body: usize,
    /// Whether JSON is read under any content type.
    pub(crate) any_content_type: bool,
    pub(crate) observed: Option<Arc<dyn Observed>>,
}

/// Who watches a call. It outlives the call in its error, for what becomes of that.
pub(crate) trait Observed: fmt::Debug + Send + Sync {
    /// Runs in the span of the call, if that is still open.
    fn in_scope(&self, run: &mut dyn FnMut());

    /// Tells that the function which made the call succeeded in spite of its error.
    fn recovered(&self, error: &Error, is_fallback: bool);

    /// Records that what followed the response failed, unless the call did.
    fn failed(&self, error: &Error);

    /// Ends the span.
    fn end(&self);

    /// Tells how the call ended, if its response was left to a reader that had to say so: with an error, or
    /// without one.
    fn was_read(&self, error: Option<&Error>);

    /// The span of the call, if it is still open.
    fn span(&self) -> Option<Span>;
}

impl Error {
    /// Creates an error of this kind without a cause, for example to test a handler. The `with_…` methods add
    /// facts.
    ///
    /// ```
    /// use backstop::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Status(404)).with_body("no such user");
    /// assert_eq!(error.status().unwrap(), 404);
    /// assert_eq!(error.body(), "no such user");
    /// assert_eq!(error.to_string(), "404 Not Found");
    /// ```
    ///
    /// ```
    /// use std::{io, time::Duration};
    /// use backstop::{ConnectError, Error, Method, Sent};
    ///
    /// let error = Error::new(ConnectError::Refused.into())
    ///     .with_method(Method::GET)
    ///     .with_template("https://api.example.com/users/{id}")
    ///     .with_url(&"https://api.example.com/users/7".parse()?)
    ///     .with_source(io::Error::from(io::ErrorKind::ConnectionRefused))
    ///     .with_attempts(3)
    ///     .with_elapsed(Duration::from_secs(4))
    ///     .with_sent(Sent::No);
    /// assert_eq!(error.to_string(), "GET https://api.example.com/users/7: connection refused");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(kind: ErrorKind) -> Self {
        let status = match kind {
            ErrorKind::Status(code) => StatusCode::from_u16(code).ok(),
            _ => None,
        };
        Self(Arc::new(Inner {
            kind,
            sent: kind.facts().sent,
            detail: None,
            source: None,
            previous: None,
            method: None,
            template: None,
            url: None,
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_body_cut: false,
            decode_path: None,
            line: None,
            attempts: u32::from(!matches!(kind, ErrorKind::Build(_))),
            elapsed: Duration::ZERO,
            history: Vec::new(),
            observed: None,
        }))
    }

    /// Sets the cause, which [`source`](StdError::source) returns and `{:#}` prints.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Arc::from(source.into());
        self.edit(|inner| inner.source = Some(source))
    }

    /// Sets the body of the response.
    #[must_use]
    pub fn with_body(self, body: impl Into<Bytes>) -> Self {
        self.with_start_of_body(body.into(), false)
    }

    /// Sets the headers of the response.
    #[must_use]
    pub fn with_headers(self, headers: HeaderMap) -> Self {
        self.edit(|inner| inner.headers = headers)
    }

    /// Sets the status of the response, or of a proxy that refused the request.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        self.edit(|inner| inner.status = Some(status))
    }

    /// Sets the method of the request.
    #[must_use]
    pub fn with_method(self, method: Method) -> Self {
        self.edit(|inner| inner.method = Some(method))
    }

    /// Sets the URL template of the request. The parts that [`template`](Error::template) hides are removed.
    #[must_use]
    pub fn with_template(self, template: impl Into<Cow<'static, str>>) -> Self {
        let template = redact::template(template.into());
        self.edit(|inner| inner.template = Some(template))
    }

    /// Sets the URL of the hop that failed. The parts that [`url`](Error::url) hides are removed.
    #[must_use]
    pub fn with_url(self, url: &Url) -> Self {
        let url = redact::url(url);
        self.edit(|inner| inner.url = Some(url))
    }

    /// Sets how much of the request was [sent](Error::sent).
    #[must_use]
    pub fn with_sent(self, sent: Sent) -> Self {
        self.edit(|inner| inner.sent = sent)
    }

    /// Sets the path in the JSON at which [decoding failed](Error::decode_path).
    #[must_use]
    pub fn with_decode_path(self, path: impl Into<String>) -> Self {
        let path = path.into();
        self.edit(|inner| inner.decode_path = Some(path))
    }

    /// Sets the number of [attempts](Error::attempts).
    #[must_use]
    pub fn with_attempts(self, attempts: u32) -> Self {
        self.edit(|inner| inner.attempts = attempts)
    }

    /// Sets the [duration](Error::elapsed) of the call.
    #[must_use]
    pub fn with_elapsed(self, elapsed: Duration) -> Self {
        self.edit(|inner| inner.elapsed = elapsed)
    }

    /// Sets the hops of the [history](Error::history). Their URLs are redacted as in [`url`](Error::url).
    #[must_use]
    pub fn with_history(self, history: &[Hop]) -> Self {
        let history = history.iter().map(Hop::redacted).collect();
        self.edit(|inner| inner.history = history)
    }

    /// Sets the error that this error [replaced](Error::previous). An error is not set as its own previous
    /// error.
    #[must_use]
    pub fn with_previous(self, previous: Error) -> Self {
        if Arc::ptr_eq(&self.0, &previous.0) {
            return self;
        }
        self.edit(|inner| inner.previous = Some(previous))
    }

    /// The kind of the error, to use in a `match`.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The method of the request. None for an error made by [`Error::new`].
    pub fn method(&self) -> Option<&Method> {
        self.0.method.as_ref()
    }

    /// The URL template of the request, with its placeholders, as in OpenTelemetry's `url.template`. It is
    /// redacted like a [URL](Error::url). None for an error made by [`Error::new`].
    pub fn template(&self) -> Option<&str> {
        self.0.template.as_deref()
    }

    /// The URL of the hop that failed. It is redacted: the user information and the fragment are removed, and
    /// every value of the query is replaced with `REDACTED`.
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    /// The status of the response, if one arrived.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The headers of the response. Empty if no response arrived.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The start of the response body, for status errors and decode errors. It has at most 8 KiB, unless the
    /// [session](crate::SessionBuilder::error_body) or the [request](crate::Request::error_body) sets another
    /// limit.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// Whether [`body`](Error::body) is incomplete: it was cut off at its limit, or did not arrive
    /// completely.
    pub fn is_body_cut(&self) -> bool {
        self.0.is_body_cut
    }

    /// The path in the JSON at which decoding failed, such as `$.users[3].email`. It contains keys of the
    /// JSON, but no values. The keys of a map are data, so the path and the messages show only those keys
    /// that look like names.
    pub fn decode_path(&self) -> Option<&str> {
        self.0.decode_path.as_deref()
    }

    /// The number of the line that could not be read, starting at 1, if the body is read line by line. The
    /// [path](Error::decode_path) is then a path in that line.
    pub fn line(&self) -> Option<u64> {
        self.0.line
    }

    /// The delay that the server asks for in `Retry-After` (RFC 9110 §10.2.3): its seconds, or its date minus
    /// the response's own `Date`. A fraction of a second is rounded up; the RFC does not allow fractions, but
    /// servers send them. `None` if there is no such header, or if it is not valid.
    ///
    /// ```
    /// use std::time::Duration;
    /// use backstop::{Error, ErrorKind, HeaderMap};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("retry-after", "120".parse()?);
    /// let error = Error::new(ErrorKind::Status(503)).with_headers(headers);
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(120)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after::read(&self.0.headers)
    }

    /// The number of attempts: 0 if the request could not be built, 1 without a retry. A request that is sent
    /// again because it was [not processed](crate::DisconnectedError::Unsent) does not count.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The time from the start of the call to this error.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The hops of the last attempt that received a response, in order: each redirect that was followed, and
    /// the hop that failed if it received a response. The URLs are [redacted](Error::url).
    ///
    /// ```
    /// use backstop::{Error, ErrorKind, Hop, StatusCode};
    ///
    /// let hops = [
    ///     Hop::new("https://api.example.com/old".parse()?, StatusCode::FOUND),
    ///     Hop::new("https://api.example.com/new?key=s3cret".parse()?, StatusCode::NOT_FOUND),
    /// ];
    /// let error = Error::new(ErrorKind::Status(404)).with_history(&hops);
    /// assert_eq!(
    ///     format!("{:?}", error.history()),
    ///     "[302 https://api.example.com/old, 404 https://api.example.com/new?key=REDACTED]",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn history(&self) -> &[Hop] {
        &self.0.history
    }

    /// How much of the request may have reached the server, over all its hops and attempts.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// The request error that this error replaced, if an arm handled that error with `fail` and this one.
    pub fn previous(&self) -> Option<&Error> {
        self.0.previous.as_ref()
    }

    /// Whether the request could not be built.
    pub fn is_build(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Build(_))
    }

    /// Whether the session's source of credentials failed.
    pub fn is_credentials(&self) -> bool {
        self.0.kind == ErrorKind::Credentials
    }

    /// Whether no connection was made. False for a timeout while connecting, which [is a
    /// timeout](Error::is_timeout).
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Connect(_))
    }

    /// Whether one of the timers expired.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout(_))
    }

    /// Whether the connection was lost before a response arrived.
    pub fn is_disconnected(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Disconnected(_))
    }

    /// Whether the response is not valid HTTP.
    pub fn is_protocol(&self) -> bool {
        self.0.kind == ErrorKind::Protocol
    }

    /// Whether a redirect was not followed.
    pub fn is_redirect(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Redirect(_))
    }

    /// Whether the status of the response is not success.
    pub fn is_status(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Status(_))
    }

    /// Whether the body failed to arrive.
    pub fn is_body(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Body(_))
    }

    /// Whether the body arrived but could not be decoded as the type.
    pub fn is_decode(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Decode(_))
    }

    pub(crate) fn build(leaf: BuildError, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Build(leaf)).with_detail(detail)
    }

    /// The error of a call that is awaited outside of a tokio runtime.
    pub(crate) fn no_runtime() -> Self {
        Self::build(BuildError::Session, "there is no tokio runtime here: await the call in one")
    }

    /// An error of a request that was not sent, of any kind.
    pub(crate) fn unsent(kind: ErrorKind) -> Self {
        Self::new(kind).edit(|inner| inner.sent = Sent::No)
    }

    pub(crate) fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        self.edit(|inner| inner.detail = Some(detail))
    }

    pub(crate) fn sent_at_least(self, sent: Sent) -> Self {
        self.edit(|inner| inner.sent = inner.sent.max(sent))
    }

    /// The same error with the detail of another, if it has none.
    #[cfg(feature = "testing")]
    pub(crate) fn or_detail_of(self, other: Self) -> Self {
        match (&self.0.detail, &other.0.detail) {
            (None, Some(detail)) => self.with_detail(detail.clone()),
            _ => self,
        }
    }

    #[cfg(feature = "stream")]
    pub(crate) fn with_line(self, line: u64) -> Self {
        self.edit(|inner| inner.line = Some(line))
    }

    /// The same error with the URL of its hop, unless it has one.
    pub(crate) fn or_url(self, url: &Url) -> Self {
        match self.0.url {
            Some(_) => self,
            None => self.with_url(url),
        }
    }

    pub(crate) fn with_start_of_body(self, body: Bytes, is_cut: bool) -> Self {
        self.edit(|inner| (inner.body, inner.is_body_cut) = (body, is_cut))
    }

    /// The same error with as much of a text as an error keeps by default, in a copy that holds on to
    /// nothing else.
    #[cfg(feature = "stream")]
    pub(crate) fn with_start_of(self, text: &[u8]) -> Self {
        let start = &text[..text.len().min(DEFAULT_ERROR_BODY)];
        self.with_start_of_body(Bytes::copy_from_slice(start), start.len() < text.len())
    }

    /// The same error with a cause, unless it has one.
    pub(crate) fn or_source(self, source: Error) -> Self {
        match self.0.source {
            Some(_) => self,
            None => self.with_source(source),
        }
    }

    /// Adds the request. The template is redacted here, where it is first stored.
    pub(crate) fn with_request(self, method: &Method, template: Cow<'static, str>) -> Self {
        let template = redact::template(template);
        self.edit(|inner| {
            inner.method = Some(method.clone());
            inner.template = Some(template);
        })
    }

    /// Adds the facts of the call.
    pub(crate) fn with_call_facts(self, call: &CallFacts) -> Self {
        self.with_request(&call.method, call.template.clone()).edit(|inner| {
            inner.attempts = call.attempts;
            inner.elapsed = call.start.elapsed();
            inner.observed.clone_from(&call.observed);
        })
    }

    pub(crate) fn with_observed(self, observed: Option<Arc<dyn Observed>>) -> Self {
        self.edit(|inner| inner.observed = observed)
    }

    pub(crate) fn observed(&self) -> Option<&Arc<dyn Observed>> {
        self.0.observed.as_ref()
    }

    /// Changes this error, but not its clones.
    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// What failed, for people: the line and the detail where there are any, after the kind.
    fn message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.kind)?;
        if let Some(line) = self.0.line {
            write!(f, ": line {line}")?;
        }
        match &self.0.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { method, url, template, .. } = &*self.0;
        if let Some(method) = method {
            write!(f, "{method} ")?;
        }
        match (url, template) {
            (Some(url), _) => write!(f, "{url}: ")?,
            (None, Some(template)) => write!(f, "{template}: ")?,
            (None, None) => {}
        }
        self.message(f)?;
        if !f.alternate() {
            return Ok(());
        }
        let mut cause = self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static));
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        match &self.0.previous {
            Some(previous) => write!(f, " (in answer to: {previous:#})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, sent, status, decode_path, attempts, elapsed, .. } = &*self.0;
        let mut debug = f.debug_struct("Error");
        debug
            .field("kind", kind)
            .field("message", &format_args!("{self:#}"))
            .field("sent", sent)
            .field("attempts", attempts)
            .field("elapsed", elapsed);
        if let Some(status) = status {
            debug.field("status", status);
        }
        if let Some(path) = decode_path {
            debug.field("decode_path", path);
        }
        if let Some(line) = self.0.line {
            debug.field("line", &line);
        }
        debug.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match (&self.0.source, &self.0.previous) {
            (Some(source), _) => Some(&**source),
            (None, Some(previous)) => Some(previous),
            (None, None) => None,
        }
    }
}

// One word wide, and usable in every future and error type.
const _: () = {
    assert!(size_of::<Error>() == size_of::<usize>());
    assert!(size_of::<Option<Error>>() == size_of::<usize>());
    const fn everywhere<T: Clone + Send + Sync + 'static>() {}
    everywhere::<Error>();
};
