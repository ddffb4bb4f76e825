//! The kinds of errors: a tree for `match`.
//!
//! Every fault has exactly one leaf. The tree is `Copy` and small, and patterns nest:
//! `ErrorKind::Connect(ConnectError::Dns | ConnectError::Refused)`.

use thiserror::Error;

/// The class of a failed request, and within it the one leaf that names the fault.
///
/// [The guide](crate::guide::errors) shows the tree as a picture, and [`faults`](crate::faults) what causes each leaf.
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
    /// A mistake of the program: the request could not be built from its parts, or a response was read in a way
    /// that it does not support. Nothing was [sent](crate::Error::sent), except of a body that failed while it
    /// was streamed.
    #[error("{0}")]
    Build(BuildError),
    /// The session's source of [credentials](crate::SessionBuilder::credentials) failed, with whatever
    /// error [`source`](std::error::Error::source) returns. This request was not sent without them.
    #[error("the source of the credentials failed")]
    Credentials,
    /// No connection was made, so that this hop of the request was not sent. Under TLS 1.3, however, a server
    /// may refuse the client's certificate after the request was sent.
    #[error("{0}")]
    Connect(ConnectError),
    /// A timer ran out; the leaf says which.
    #[error("{0}")]
    Timeout(TimeoutError),
    /// The connection was lost before a response arrived.
    #[error("{0}")]
    Disconnected(DisconnectedError),
    /// What arrived is not HTTP: a malformed head, or an HTTP/2 protocol error.
    #[error("the response is not valid HTTP")]
    Protocol,
    /// A redirect that was not followed.
    #[error("{0}")]
    Redirect(RedirectError),
    /// The response arrived whole, with a status that does not count as success.
    #[error("{}", StatusText(*.0))]
    Status(u16),
    /// The head arrived, and then the body failed.
    #[error("{0}")]
    Body(BodyError),
    /// The body arrived whole, and cannot be read as the type.
    #[error("{0}")]
    Decode(DecodeError),
}

/// Why a request could not be built. A retry would fail in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL, or the template with its values, is not a URL that can be requested.
    #[error("invalid URL")]
    Url,
    /// A value would leave its path segment: it is empty, `.` or `..`.
    #[error("a value would leave its path segment")]
    Segment,
    /// The method is not a token of RFC 9110 §9.1.
    #[error("invalid method")]
    Method,
    /// A header's name or value is not allowed by RFC 9110 §5.
    #[error("invalid header")]
    Header,
    /// The body could not be serialized, or the stream that it came from failed.
    #[error("the body could not be made")]
    Body,
    /// A [`prepare`](crate::SessionBuilder::prepare) hook of the session refused the request.
    #[error("a hook of the session refused the request")]
    Prepare,
    /// The HTTP client is not available: there is no tokio runtime here, or the client could not be built.
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
    /// Nothing listens at the address.
    #[error("connection refused")]
    Refused,
    /// The TLS handshake failed, for another reason than the certificate.
    #[error("the TLS handshake failed")]
    Tls,
    /// The server's certificate is not valid for this host, or not trusted.
    #[error("the server's certificate was not accepted")]
    Certificate,
    /// The proxy could not be reached, or did not open the tunnel. If an error does not say whose address
    /// failed, it is reported as one of the server.
    #[error("the proxy did not connect")]
    Proxy,
    /// Another fault of the network: unreachable, reset while connecting, no local port.
    #[error("the connection could not be made")]
    Other,
}

/// Which timer ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum TimeoutError {
    /// Name resolution, TCP, proxy and TLS together took longer than the connect timeout.
    #[error("connecting timed out")]
    Connect,
    /// One attempt, body included, took longer than the attempt timeout.
    #[error("the attempt timed out")]
    Attempt,
    /// No byte of the body arrived for as long as the idle timeout.
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
    /// The request was not sent, or the server said that it did not process it (HTTP/2's REFUSED_STREAM and
    /// GOAWAY). This is reported after the request was sent again a few times.
    #[error("the request was not taken")]
    Unsent,
    /// The server closed the connection without a response.
    #[error("the server closed the connection without a response")]
    Closed,
    /// The connection was reset.
    #[error("the connection was reset")]
    Reset,
    /// The tokio runtime that drove the connection is gone.
    #[error("the runtime that drove the connection is gone")]
    Runtime,
}

/// Why a redirect was not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// The server redirected more often than the session follows.
    #[error("too many redirects")]
    TooMany,
    /// The response carries no `Location`, or one that is not a URL.
    #[error("a redirect without a usable location")]
    Location,
    /// The redirect leads from `https` to `http`, or to another scheme.
    #[error("a redirect to a scheme that is not followed")]
    Scheme,
    /// The redirect needs the body again (307, 308), which was a stream.
    #[error("a redirect that needs a streamed body again")]
    Body,
}

/// How the body failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The body ended before its announced length, or before its last chunk.
    #[error("the body was cut short")]
    Truncated,
    /// The connection was reset while the body arrived.
    #[error("the connection was reset within the body")]
    Reset,
    /// The chunks or frames of the body are malformed.
    #[error("the body's framing is malformed")]
    Framing,
    /// The body could not be decompressed as its `Content-Encoding` says.
    #[error("the body could not be decompressed")]
    Decompress,
    /// The decoded body is larger than the limit.
    #[error("the body is larger than the limit")]
    TooLarge,
    /// A download could not be written to its file: the disk is full, say.
    #[error("the body could not be stored")]
    Storage,
}

/// Why a whole body could not be read as the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The `Content-Type` is not one that the type reads.
    #[error("unexpected content type")]
    ContentType,
    /// The body is not in the format that the type reads. JSON that nests deeper than 128 levels is one such.
    #[error("the body is malformed")]
    Syntax,
    /// The body is in that format, but has another shape than the type.
    #[error("the body has another shape than expected")]
    Shape,
    /// The body is not text in its declared charset.
    #[error("the body is not text in its charset")]
    Charset,
    /// The page of a list links to a next one that is not asked for: it was read before, or is of
    /// another origin.
    #[error("the next page is not asked for")]
    Link,
}

/// Makes a class's leaves kinds.
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
    /// Some or all of it was sent, and may have been processed.
    Maybe,
    /// It was sent: a response arrived.
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
    /// Every leaf, in the order of the tree: for tests that hold for all of them. Of the statuses, 404
    /// stands for all.
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

    /// The name of the kind, of low cardinality, for metrics and logs: `connect.dns`, `timeout.total`, or the
    /// status code, as in OpenTelemetry's `error.type`.
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
