//! The error of the connector: each step of connecting classifies its own failure.

use std::{borrow::Cow, error::Error as StdError, fmt, io};

use http::StatusCode;

use crate::error::{
    BoxError, ConnectError, ErrorKind, TimeoutError,
    cause::{find, innermost_io},
};

/// A step of connecting that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) detail: Option<Cow<'static, str>>,
    /// The status with which a proxy refused the tunnel.
    pub(crate) status: Option<StatusCode>,
    source: Option<BoxError>,
}

/// The name did not resolve: a cause in the chain of the connector's error.
#[derive(Debug)]
pub(super) struct NotResolved(pub(super) BoxError);

impl Failure {
    pub(super) fn new(leaf: ConnectError, source: impl Into<BoxError>) -> Self {
        Self {
            kind: ErrorKind::Connect(leaf),
            detail: None,
            status: None,
            source: Some(source.into()),
        }
    }

    /// A proxy that cannot be reached, or that fails; `proxy` is its host and port.
    pub(super) fn proxy(proxy: &str, what: &str, source: Option<BoxError>) -> Self {
        Self {
            kind: ErrorKind::Connect(ConnectError::Proxy),
            detail: Some(format!("the proxy {proxy} {what}").into()),
            status: None,
            source,
        }
    }

    pub(super) fn timed_out(detail: String) -> Self {
        Self {
            kind: ErrorKind::Timeout(TimeoutError::Connect),
            detail: Some(detail.into()),
            status: None,
            source: None,
        }
    }

    /// The call received another connection, so this one is not needed.
    pub(super) fn not_wanted() -> Self {
        Self::new(ConnectError::Other, "the call has another connection")
    }

    #[cfg(feature = "rustls")]
    pub(super) fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// The request cannot be made without TLS.
    #[cfg(not(feature = "rustls"))]
    pub(super) fn no_tls() -> Self {
        Self {
            kind: ErrorKind::Build(crate::error::BuildError::Url),
            detail: Some("`https` needs the feature `rustls` or `native-tls`".into()),
            status: None,
            source: None,
        }
    }
}

/// Classifies an error of opening a TCP connection to a server.
pub(super) fn tcp_failure(error: BoxError) -> Failure {
    let leaf = if find::<NotResolved>(&*error).is_some() {
        ConnectError::Dns
    } else {
        match innermost_io(&*error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => ConnectError::Refused,
            // The name resolved to no address.
            Some(io::ErrorKind::NotConnected) => ConnectError::Dns,
            _ => ConnectError::Other,
        }
    };
    Failure::new(leaf, error)
}

/// The part of a message that describes a proxy that cannot be reached.
pub(super) fn describe_proxy_failure(failure: &Failure) -> &'static str {
    match failure.kind {
        ErrorKind::Connect(ConnectError::Dns) => "could not be resolved",
        ErrorKind::Connect(ConnectError::Refused) => "refused the connection",
        _ => "could not be connected to",
    }
}

/// Classifies an error of a TLS handshake.
#[cfg(feature = "rustls")]
pub(super) fn tls_failure(error: BoxError) -> Failure {
    let leaf = match find::<rustls::Error>(&*error) {
        Some(rustls::Error::InvalidCertificate(_)) => ConnectError::Certificate,
        _ => ConnectError::Tls,
    };
    Failure::new(leaf, error)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The `Error` made of this shows its kind and detail; only the source is printed here.
        match &self.source {
            Some(source) => source.fmt(f),
            None => f.write_str("no connection was made"),
        }
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().and_then(|source| source.source())
    }
}

impl fmt::Display for NotResolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for NotResolved {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
