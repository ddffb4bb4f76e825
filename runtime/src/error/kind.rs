//! The kinds of errors: a tree for `match`.
//!
//! Every fault has exactly one leaf. The tree is `Copy` and small, and patterns nest:
//! `ErrorKind::Connect(ConnectError::Dns | ConnectError::Refused)`.

use thiserror::Error;

/// The kind of an error: a class, and in most classes a leaf that names the fault.
///
/// [The guide](crate::guide::errors) shows the tree as a picture, and [`faults`](crate::faults) lists the
/// faults of each leaf.
///
/// ```
/// use backstop::{ConnectError, Error, ErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::Connect(ConnectError::Dns) => "check the host name",
///         ErrorKind::Connect(_) => "is the server up?",
///         ErrorKind::Status(401 | 403) => "check the credentials",
///         ErrorKind::Status(500..=599) | ErrorKind::Timeout(_) => "try later",
///         _ => "see the log",
///     }
/// }
///
/// let error = Error::new(ErrorKind::Connect(ConnectError::Dns));
/// assert_eq!(advice(&error), "check the host name");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A mistake in the program: the request could not be built from its parts, or a response was read in a
    /// way that it does not support. Nothing was [sent](crate::Error::sent), unless a body failed while it
    /// was streamed.
    #[error("{0}")]
    Build(BuildError),
    /// The session's source of [credentials](crate::SessionBuilder::credentials) failed, and
    /// [`source`](std::error::Error::source) returns its error. The request was not sent.
    #[error("the source of the credentials failed")]
    Credentials,
    /// No connection was made, so this hop of the request was not sent. Under TLS 1.3, however, a server may
    /// refuse the client's certificate after the request was sent.
    #[error("{0}")]
    Connect(ConnectError),
    /// A timer expired. The leaf says which one.
    #[error("{0}")]
    Timeout(TimeoutError),
    /// The connection was lost before a response arrived.
    #[error("{0}")]
    Disconnected(DisconnectedError),
    /// The response is not valid HTTP: its head is malformed, or there was an HTTP/2 protocol error.
    #[error("the response is not valid HTTP")]
    Protocol,
    /// A redirect was not followed.
    #[error("{0}")]
    Redirect(RedirectError),
    /// The response arrived, but its status is not success.
    #[error("{}", StatusText(*.0))]
    Status(u16),
    /// The head of the response arrived, but the body failed.
    #[error("{0}")]
    Body(BodyError),
    /// The whole body arrived, but cannot be decoded as the type.
    #[error("{0}")]
    Decode(DecodeError),
}

/// Why a request could not be built. A retry would fail in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL, or the template filled with its values, is not a URL that can be requested.
    #[error("invalid URL")]
    Url,
    /// A value would leave its path segment: it is empty, `.` or `..`.
    #[error("a value would leave its path segment")]
    Segment,
    /// The method is not a valid token (RFC 9110 §9.1).
    #[error("invalid method")]
    Method,
    /// The name or value of a header is not valid (RFC 9110 §5).
    #[error("invalid header")]
    Header,
    /// The body could not be serialized, or the stream of the body failed.
    #[error("the body could not be made")]
    Body,
    /// A [`prepare`](crate::SessionBuilder::prepare) hook of the session refused the request.
    #[error("a hook of the session refused the request")]
    Prepare,
    /// The HTTP client is not available: the call was made outside of a tokio runtime, or the client could
    /// not be built.
    #[error("the HTTP client is not available")]
    Session,
}

/// Why no connection was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host name did not resolve to an address.
    #[error("the host name could not be resolved")]
    Dns,
    /// No server listens at the address.
    #[error("connection refused")]
    Refused,
    /// The TLS handshake failed, for a reason other than the certificate.
    #[error("the TLS handshake failed")]
    Tls,
    /// The server's certificate is not valid for the host, or is not trusted.
    #[error("the server's certificate was not accepted")]
    Certificate,
    /// The proxy could not be reached, or did not open the tunnel. If the underlying error does not say
    /// whether the proxy or the server failed, it is reported as an error of the server.
    #[error("the proxy did not connect")]
    Proxy,
    /// Another fault of the network: unreachable, reset while connecting, no local port.
    #[error("the connection could not be made")]
    Other,
}

/// Which timer expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum TimeoutError {
    /// Name resolution, TCP, proxy and TLS together took longer than the connect timeout.
    #[error("connecting timed out")]
    Connect,
    /// One attempt, including the body, took longer than the attempt timeout.
    #[error("the attempt timed out")]
    Attempt,
    /// No byte of the body arrived within the idle timeout.
    #[error("the response stalled")]
    Idle,
    /// The whole call took longer than the total timeout.
    #[error("the call timed out")]
    Total,
}

/// How the connection was lost before a response arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DisconnectedError {
    /// The request was not sent, or the server said that it did not process the request (REFUSED_STREAM or
    /// GOAWAY in HTTP/2). The request is first sent again a few times. This error is reported if it still was
    /// not processed.
    #[error("the request was not taken")]
    Unsent,
    /// The server closed the connection without a response.
    #[error("the server closed the connection without a response")]
    Closed,
    /// The connection was reset.
    #[error("the connection was reset")]
    Reset,
    /// The tokio runtime that drove the connection has shut down.
    #[error("the runtime that drove the connection is gone")]
    Runtime,
}

/// Why a redirect was not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// The server redirected more often than the session allows.
    #[error("too many redirects")]
    TooMany,
    /// The response has no `Location` header, or its value is not a URL.
    #[error("a redirect without a usable location")]
    Location,
    /// The redirect leads from `https` to `http`, or to another scheme.
    #[error("a redirect to a scheme that is not followed")]
    Scheme,
    /// The redirect requires the body to be sent again (307, 308), but the body is a stream.
    #[error("a redirect that needs a streamed body again")]
    Body,
}

/// How the body failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The body ended before its `Content-Length` was reached, or before its last chunk.
    #[error("the body was cut short")]
    Truncated,
    /// The connection was reset while the body arrived.
    #[error("the connection was reset within the body")]
    Reset,
    /// The chunks or frames of the body are malformed.
    #[error("the body's framing is malformed")]
    Framing,
    /// The body could not be decompressed according to its `Content-Encoding`.
    #[error("the body could not be decompressed")]
    Decompress,
    /// The decoded body is larger than the limit.
    #[error("the body is larger than the limit")]
    TooLarge,
    /// A download could not be written to its file, for example because the disk is full.
    #[error("the body could not be stored")]
    Storage,
}

/// Why a complete body could not be decoded as the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The `Content-Type` is not one that the type reads.
    #[error("unexpected content type")]
    ContentType,
    /// The body is not in the format that the type reads. This includes JSON that is nested deeper than 128
    /// levels.
    #[error("the body is malformed")]
    Syntax,
    /// The body is in that format, but its structure does not match the type.
    #[error("the body has another shape than expected")]
    Shape,
    /// The body is not text in its declared charset.
    #[error("the body is not text in its charset")]
    Charset,
    /// A page links to a next page that is not requested, because it was read before or has another origin.
    #[error("the next page is not asked for")]
    Link,
}

/// Converts the leaves of a class to kinds.
macro_rules! leaves {
    ($($leaf:ident => $class:ident),*) => {$(
        impl From<$leaf> for ErrorKind {
            fn from(leaf: $leaf) -> Self {
                Self::$class(leaf)
            }
        }
    )*};
}

leaves!(
    BuildError => Build,
    ConnectError => Connect,
    TimeoutError => Timeout,
    DisconnectedError => Disconnected,
    RedirectError => Redirect,
    BodyError => Body,
    DecodeError => Decode
);

/// Whether a request may have reached the server, over all its hops and attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sent {
    /// No byte was sent: the request can be repeated with any method.
    No,
    /// Some or all of the request was sent, and the server may have processed it.
    Maybe,
    /// The request was sent: a response arrived.
    Yes,
}

/// Displays a status as its code and its standard phrase, if it has one.
struct StatusText(u16);

impl std::fmt::Display for StatusText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phrase =
            http::StatusCode::from_u16(self.0).ok().and_then(|status| status.canonical_reason());
        match phrase {
            Some(phrase) => write!(f, "{} {phrase}", self.0),
            None => write!(f, "status {}", self.0),
        }
    }
}

impl ErrorKind {
    /// Iterates over every leaf, in the order of the tree. Use it in a test that applies to all kinds. The
    /// only status is 404, which represents all statuses.
    ///
    /// ```
    /// use backstop::{Error, ErrorKind};
    ///
    /// for kind in ErrorKind::all() {
    ///     assert!(!Error::new(kind).to_string().is_empty());
    /// }
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        const ALL: &[ErrorKind] = &[
            ErrorKind::Build(BuildError::Url),
            ErrorKind::Build(BuildError::Segment),
            ErrorKind::Build(BuildError::Method),
            ErrorKind::Build(BuildError::Header),
            ErrorKind::Build(BuildError::Body),
            ErrorKind::Build(BuildError::Prepare),
            ErrorKind::Build(BuildError::Session),
            ErrorKind::Credentials,
            ErrorKind::Connect(ConnectError::Dns),
            ErrorKind::Connect(ConnectError::Refused),
            ErrorKind::Connect(ConnectError::Tls),
            ErrorKind::Connect(ConnectError::Certificate),
            ErrorKind::Connect(ConnectError::Proxy),
            ErrorKind::Connect(ConnectError::Other),
            ErrorKind::Timeout(TimeoutError::Connect),
            ErrorKind::Timeout(TimeoutError::Attempt),
            ErrorKind::Timeout(TimeoutError::Idle),
            ErrorKind::Timeout(TimeoutError::Total),
            ErrorKind::Disconnected(DisconnectedError::Unsent),
            ErrorKind::Disconnected(DisconnectedError::Closed),
            ErrorKind::Disconnected(DisconnectedError::Reset),
            ErrorKind::Disconnected(DisconnectedError::Runtime),
            ErrorKind::Protocol,
            ErrorKind::Redirect(RedirectError::TooMany),
            ErrorKind::Redirect(RedirectError::Location),
            ErrorKind::Redirect(RedirectError::Scheme),
            ErrorKind::Redirect(RedirectError::Body),
            ErrorKind::Status(404),
            ErrorKind::Body(BodyError::Truncated),
            ErrorKind::Body(BodyError::Reset),
            ErrorKind::Body(BodyError::Framing),
            ErrorKind::Body(BodyError::Decompress),
            ErrorKind::Body(BodyError::TooLarge),
            ErrorKind::Body(BodyError::Storage),
            ErrorKind::Decode(DecodeError::ContentType),
            ErrorKind::Decode(DecodeError::Syntax),
            ErrorKind::Decode(DecodeError::Shape),
            ErrorKind::Decode(DecodeError::Charset),
            ErrorKind::Decode(DecodeError::Link),
        ];
        ALL.iter().copied()
    }

    /// A name with low cardinality for metrics and logs, as in OpenTelemetry's `error.type`: `connect.dns`,
    /// `timeout.total`, or the status code.
    ///
    /// ```
    /// use backstop::{ErrorKind, TimeoutError};
    ///
    /// assert_eq!(ErrorKind::Timeout(TimeoutError::Idle).name(), "timeout.idle");
    /// assert_eq!(ErrorKind::Status(503).name(), "503");
    /// ```
    pub fn name(self) -> std::borrow::Cow<'static, str> {
        match self {
            Self::Status(code) => code.to_string().into(),
            kind => kind.facts().name.into(),
        }
    }
}
