//! reqwest's errors → the one kind that names the fault.
//!
//! Most faults are known by the stage they happen in and never come here. Two stages
//! fail inside reqwest: waiting for a head ([`head`]) and reading a body ([`body`]).
//! Their errors are a chain of causes whose types belong to hyper, rustls and h2, and
//! some of which are private; those are told by their text. The tests of faults over
//! real sockets hold this against the versions in use.

use std::{error::Error as StdError, fmt, io};

use crate::{
    error::{
        BodyError, BoxError, BuildError, ConnectError, DisconnectedError, Error, ErrorKind,
        RedirectError, Sent, TimeoutError,
    },
    redact,
};

/// Input: why no head arrived. Output: its kind, and how much of this hop was sent.
pub(crate) fn head(error: reqwest::Error, https: bool) -> Error {
    let (kind, sent) = head_kind(&error, https);
    Error::new(kind).sent_at_least(sent).with_source(masked(error.without_url().into()))
}

/// Input: why the body stopped. Output: its kind; the request was answered.
pub(crate) fn body(error: reqwest::Error) -> Error {
    let kind = body_kind(&error);
    Error::new(kind).sent_at_least(Sent::Yes).with_source(masked(error.without_url().into()))
}

/// A service that was not ready has sent nothing.
pub(crate) fn unsent(error: BoxError) -> Error {
    Error::new(ErrorKind::Disconnected(DisconnectedError::Unsent)).with_source(masked(error))
}

/// Input: what a service in place of the client failed with.
/// Output: the error of ours or of reqwest's that it is or wraps.
pub(crate) fn service(error: BoxError, https: bool) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(error) => return *error,
        Err(error) => error,
    };
    let error = match error.downcast::<reqwest::Error>() {
        Ok(error) => return head(*error, https),
        Err(error) => error,
    };
    if let Some(inner) = find::<Error>(&*error) {
        return inner.clone();
    }
    let (kind, sent) = match find::<reqwest::Error>(&*error) {
        Some(inner) => head_kind(inner, https),
        // Nothing tells what the service did with the request.
        None => {
            return Error::new(ErrorKind::Disconnected(DisconnectedError::Closed))
                .detail("the service that stands in for the client gave up")
                .with_source(masked(error));
        }
    };
    Error::new(kind).sent_at_least(sent).with_source(masked(error))
}

fn head_kind(error: &reqwest::Error, https: bool) -> (ErrorKind, Sent) {
    // First, as what follows asks the whole chain: into the body that the caller streams, where the
    // error may be another request's.
    if let Some(hyper) = find::<hyper::Error>(error)
        && hyper.is_user()
    {
        let is_runtime_gone =
            hyper.source().is_some_and(|cause| cause.to_string().contains("runtime"));
        let kind = match is_runtime_gone {
            true => ErrorKind::Disconnected(DisconnectedError::Runtime),
            false => ErrorKind::Build(BuildError::Body),
        };
        return (kind, Sent::Maybe);
    }
    if error.is_builder() {
        return (ErrorKind::Build(BuildError::Url), Sent::No);
    }
    if error.is_redirect() {
        return (ErrorKind::Redirect(RedirectError::TooMany), Sent::Yes);
    }
    if error.is_connect() {
        return (connect_kind(error, https), Sent::No);
    }
    let kind = match find::<hyper::Error>(error) {
        Some(hyper) if hyper.is_canceled() => {
            return (ErrorKind::Disconnected(DisconnectedError::Unsent), Sent::No);
        }
        Some(hyper) if hyper.is_parse() => ErrorKind::Protocol,
        Some(hyper) if refuses_client(hyper) => ErrorKind::Connect(ConnectError::Tls),
        Some(hyper) if hyper.is_incomplete_message() => {
            ErrorKind::Disconnected(DisconnectedError::Closed)
        }
        Some(hyper) => h2_kind(hyper).unwrap_or_else(|| {
            ErrorKind::Disconnected(match innermost_io(hyper).map(io::Error::kind) {
                Some(io::ErrorKind::UnexpectedEof) => DisconnectedError::Closed,
                Some(_) => DisconnectedError::Reset,
                None => DisconnectedError::Closed,
            })
        }),
        // No timer is set here, but a client of the user's may bring its own.
        None if error.is_timeout() => ErrorKind::Timeout(TimeoutError::Attempt),
        None => ErrorKind::Disconnected(DisconnectedError::Closed),
    };
    let sent = match kind {
        ErrorKind::Disconnected(DisconnectedError::Unsent) => Sent::No,
        ErrorKind::Protocol => Sent::Yes,
        _ => Sent::Maybe,
    };
    (kind, sent)
}

fn connect_kind(error: &reqwest::Error, https: bool) -> ErrorKind {
    if error.is_dns() {
        return ErrorKind::Connect(ConnectError::Dns);
    }
    if error.is_timeout() {
        return ErrorKind::Timeout(TimeoutError::Connect);
    }
    let says = |what: &str| chain(error).any(|cause| cause.to_string().starts_with(what));
    if says("tunnel error") || says("error connecting to socks proxy") || says("SOCKS error") {
        return ErrorKind::Connect(ConnectError::Proxy);
    }
    if let Some(leaf) = tls_leaf(error) {
        return ErrorKind::Connect(leaf);
    }
    // A client without TLS: the request cannot be made, on whichever connection.
    if says("invalid URL, scheme is not http") {
        return ErrorKind::Build(BuildError::Url);
    }
    let over_tcp = says("tcp ");
    if over_tcp && connects_elsewhere(error) {
        return ErrorKind::Connect(ConnectError::Proxy);
    }
    ErrorKind::Connect(match innermost_io(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => ConnectError::Refused,
        // The name resolved, to no address.
        Some(io::ErrorKind::NotConnected) if over_tcp => ConnectError::Dns,
        // Once TCP is connected, what is left to fail is the handshake.
        _ if https && !over_tcp => match says_certificate(error) {
            true => ConnectError::Certificate,
            false => ConnectError::Tls,
        },
        _ => ConnectError::Other,
    })
}

#[cfg(feature = "rustls")]
fn tls_leaf(error: &reqwest::Error) -> Option<ConnectError> {
    Some(match find::<rustls::Error>(error)? {
        rustls::Error::InvalidCertificate(_) => ConnectError::Certificate,
        _ => ConnectError::Tls,
    })
}

/// In TLS 1.3 the client has done its part, and begins to send, before the server says what it
/// thinks of the client's certificate, or of there being none.
#[cfg(feature = "rustls")]
fn refuses_client(error: &hyper::Error) -> bool {
    use rustls::AlertDescription::{
        AccessDenied, BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked,
        CertificateUnknown, UnknownCA, UnsupportedCertificate,
    };

    matches!(
        find(error),
        Some(rustls::Error::AlertReceived(
            AccessDenied
                | BadCertificate
                | CertificateExpired
                | CertificateRequired
                | CertificateRevoked
                | CertificateUnknown
                | UnknownCA
                | UnsupportedCertificate
        ))
    )
}

#[cfg(not(feature = "rustls"))]
fn refuses_client(_: &hyper::Error) -> bool {
    false
}

#[cfg(not(feature = "rustls"))]
fn tls_leaf(_: &reqwest::Error) -> Option<ConnectError> {
    None
}

/// Whether the address that failed is certainly not the URL's, and so a proxy's. It is shown by
/// `Debug` alone. That of a name can be any, and without a port in the URL, a resolver may bring one.
fn connects_elsewhere(error: &reqwest::Error) -> bool {
    let shown = chain(error)
        .find(|cause| cause.to_string().starts_with("tcp connect error"))
        .map(|cause| format!("{cause:?}"));
    let address = shown.as_deref().and_then(|shown| shown.split(", ").nth(1)?.parse().ok());
    let (Some(url), Some(address)) = (error.url(), address) else { return false };
    let address: std::net::SocketAddr = address;
    let other_host = match url.host() {
        Some(url::Host::Ipv4(ip)) => address.ip() != ip,
        Some(url::Host::Ipv6(ip)) => address.ip() != ip,
        _ => false,
    };
    other_host || url.port().is_some_and(|port| port != address.port())
}

/// The platform's TLS libraries tell a bad certificate by their text alone.
fn says_certificate(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| cause.to_string().contains("certificate"))
}

#[cfg(feature = "http2")]
fn h2_kind(error: &hyper::Error) -> Option<ErrorKind> {
    let h2 = find::<h2::Error>(error)?;
    let refused = h2.is_remote()
        && (h2.is_reset() && h2.reason() == Some(h2::Reason::REFUSED_STREAM)
            || h2.is_go_away() && h2.reason() == Some(h2::Reason::NO_ERROR));
    if refused {
        return Some(ErrorKind::Disconnected(DisconnectedError::Unsent));
    }
    if h2.is_io() {
        return None;
    }
    Some(match h2.reason() {
        Some(
            h2::Reason::PROTOCOL_ERROR
            | h2::Reason::FRAME_SIZE_ERROR
            | h2::Reason::FLOW_CONTROL_ERROR
            | h2::Reason::COMPRESSION_ERROR
            | h2::Reason::STREAM_CLOSED
            | h2::Reason::SETTINGS_TIMEOUT,
        ) => ErrorKind::Protocol,
        _ => ErrorKind::Disconnected(DisconnectedError::Reset),
    })
}

#[cfg(not(feature = "http2"))]
fn h2_kind(_: &hyper::Error) -> Option<ErrorKind> {
    None
}

fn body_kind(error: &reqwest::Error) -> ErrorKind {
    let Some(hyper) = find::<hyper::Error>(error) else {
        // What failed without the connection is a timer or a codec of the user's own client.
        return match error.is_timeout() {
            true => ErrorKind::Timeout(TimeoutError::Idle),
            false => ErrorKind::Body(BodyError::Decompress),
        };
    };
    if matches!(h2_kind(hyper), Some(ErrorKind::Protocol)) || hyper.is_parse() {
        return ErrorKind::Body(BodyError::Framing);
    }
    if hyper.is_incomplete_message() {
        return ErrorKind::Body(BodyError::Truncated);
    }
    ErrorKind::Body(match innermost_io(hyper).map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => BodyError::Truncated,
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => BodyError::Framing,
        _ => BodyError::Reset,
    })
}

/// An error and its causes. `io::Error::source` is the *source of* what it carries: what it
/// carries, where rustls' errors are, has to be asked for.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(carried) => Some(carried as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// The first cause of this type.
fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The outer ones are wrappings of kind `Other`: only the innermost says what happened.
fn innermost_io<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    chain(error).filter_map(|cause| cause.downcast_ref()).last()
}

/// An error without the URLs that errors of reqwest's within it would print: those of a middleware,
/// of a resolver, or of a body that is itself a response.
fn masked(error: BoxError) -> BoxError {
    let urls: Vec<&url::Url> =
        chain(&*error).filter_map(|cause| cause.downcast_ref::<reqwest::Error>()?.url()).collect();
    if urls.is_empty() {
        return error;
    }
    let text = chain(&*error).map(|cause| {
        urls.iter().fold(cause.to_string(), |text, url| {
            text.replace(url.as_str(), redact::url(url).as_str())
        })
    });
    Box::new(Masked(text.collect::<Vec<_>>().join(": ")))
}

#[derive(Debug)]
struct Masked(String);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Masked {}
