//! Classifies the errors of the HTTP clients: each becomes the one kind that names the fault.
//!
//! Most faults are known by the stage they happen in and never come here. Two stages fail inside a
//! client: waiting for a head ([`direct`], [`head`], [`service`]) and reading a body ([`received`],
//! [`body`]). Errors of the direct sender are classified by their types and predicates. Those of reqwest
//! are a chain of causes some of which are private; these are recognized by their text. The fault lab
//! checks this against the versions in use.

use std::{borrow::Cow, error::Error as StdError, fmt, io};

use hyper_util::client::legacy;

use crate::{
    direct::{Failure, NOT_AS_AGREED, NotAsAgreed, Proxies, Streams},
    error::{
        BodyError, BoxError, BuildError, ConnectError, DisconnectedError, Error, ErrorKind,
        RedirectError, Sent, TimeoutError,
        cause::{chain, find, innermost_io},
    },
    redact,
    send_body::StreamFailed,
};

/// Why no head arrived, and whether the hop can be sent again at once.
pub(crate) struct NoHead {
    pub(crate) error: Error,
    pub(crate) resend: Resend,
}

/// How often a hop is sent again without being asked: if not a byte of it was sent, or the server said that it
/// did not process it, and otherwise if its method is idempotent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resend {
    Never,
    Few,
    /// All calls on the connection have to move to the next, which may be ended as soon: some times more.
    Moved,
    /// The same, and the server took other calls on the connection: each time fewer are waiting, so again
    /// until it is this one's turn, or a timer ends it.
    InTurn,
}

impl NoHead {
    pub(crate) fn sent_at_least(self, sent: Sent) -> Self {
        Self { error: self.error.sent_at_least(sent), resend: Resend::Never }
    }
}

impl From<Error> for NoHead {
    fn from(error: Error) -> Self {
        Self { error, resend: Resend::Never }
    }
}

/// The classification of an error, before the [`Error`] is made.
struct Verdict {
    kind: ErrorKind,
    sent: Sent,
    detail: Option<Cow<'static, str>>,
    resend: Resend,
}

impl Verdict {
    fn new(kind: ErrorKind, sent: Sent) -> Self {
        Self { kind, sent, detail: None, resend: Resend::Never }
    }

    /// A request that was not sent, or that the server did not take.
    fn unsent(detail: &'static str) -> Self {
        Self {
            kind: ErrorKind::Disconnected(DisconnectedError::Unsent),
            sent: Sent::No,
            detail: Some(detail.into()),
            resend: Resend::Few,
        }
    }

    /// A request that GOAWAY left out.
    fn left_out() -> Self {
        Self {
            resend: Resend::Moved,
            ..Self::unsent("the server closes the connection, and did not take it (GOAWAY)")
        }
    }

    /// A request that hyper dropped while it waited for its stream, as the connection ended.
    fn dropped() -> Self {
        Self {
            resend: Resend::Few,
            ..Self::new(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe)
        }
    }

    /// The same, where the error alone does not tell that nothing was sent.
    fn with(self, known: Known) -> Self {
        match self.kind {
            _ if !known.is_unsent => self,
            ErrorKind::Disconnected(_) => {
                Self::unsent("the connection ended before it could be used")
            }
            _ => Self { sent: Sent::No, ..self },
        }
    }

    /// The same, where the frames of an HTTP/2 connection tell more.
    fn on(self, streams: &Streams, known: Known) -> Self {
        let verdict = match self.resend {
            // hyper asks h2 once more after it passed a request on, and fails that request if a GOAWAY arrived
            // meanwhile, even if the GOAWAY names its stream. hyper takes no request after it. For the others,
            // the error is h2's own, which follows the GOAWAY.
            Resend::Moved if known.is_newest && !streams.leaves_out(known.taken_at) => {
                Self::dropped()
            }
            Resend::Few if self.sent != Sent::No && streams.leaves_out(known.taken_at) => {
                Self::left_out()
            }
            Resend::Moved | Resend::Few => self,
            Resend::Never | Resend::InTurn => return self,
        };
        let resend = if streams.took_any() { Resend::InTurn } else { verdict.resend };
        Self { resend, ..verdict }
    }

    fn because(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    fn into_no_head(self, source: BoxError) -> NoHead {
        let NoHead { error, resend } = self.into();
        NoHead { error: error.with_source(masked(source)), resend }
    }
}

impl From<Verdict> for NoHead {
    fn from(Verdict { kind, sent, detail, resend }: Verdict) -> Self {
        let error = Error::unsent(kind).sent_at_least(sent);
        let error = match detail {
            Some(detail) => error.with_detail(detail),
            None => error,
        };
        Self { error, resend }
    }
}

/// What is known of a hop beside its error.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// Whether certainly not a byte of the request was written.
    pub(crate) is_unsent: bool,
    /// When the task of its connection took it, by [`crate::handover::tick`].
    pub(crate) taken_at: u64,
    /// Whether that task took no other request after it.
    pub(crate) is_newest: bool,
    /// Whether the runtime of its connection is alive.
    pub(crate) is_alive: bool,
}

/// Input: why the direct sender has no head. Output: its kind, and how much of this hop was sent.
pub(crate) fn direct(error: legacy::Error, known: Known) -> NoHead {
    if let Some(failure) = find::<Failure>(&error) {
        let (kind, status, detail) = (failure.kind, failure.status, failure.detail.clone());
        let error = Error::unsent(kind).with_source(masked(error.into()));
        let error = status.into_iter().fold(error, Error::with_status);
        return detail.into_iter().fold(error, Error::with_detail).into();
    }
    let hyper = find::<hyper::Error>(&error);
    let mut verdict = match hyper {
        Some(hyper) => hyper_verdict(hyper, known.is_alive),
        None => Verdict::new(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe),
    };
    verdict = verdict.with(known);
    // hyper-util itself gave up a connection for another of HTTP/2, which all that wait have to move to.
    if hyper.is_none() && known.is_unsent {
        verdict.resend = Resend::Moved;
    }
    if hyper.is_some()
        && let Some(streams) = Streams::of(&error)
    {
        verdict = verdict.on(&streams, known);
    }
    verdict.into_no_head(error.into())
}

/// A connection was given the request, and did not answer that it took it. Input: whether certainly not a
/// byte of the request was written.
pub(crate) fn not_taken(is_unsent: bool) -> NoHead {
    let detail = "the connection ended in the moment in which it was given the request";
    match is_unsent {
        true => Verdict::unsent(detail),
        false => Verdict {
            resend: Resend::Few,
            ..Verdict::new(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe)
        }
        .because(detail),
    }
    .into()
}

/// Input: why reqwest has no head, and the proxies that the client has, as far as they are known. Output: its
/// kind, and how much of this hop was sent.
pub(crate) fn head(error: reqwest::Error, https: bool, known: Known, proxies: &Proxies) -> NoHead {
    let verdict = match error.url().and_then(|url| proxies.name_for(url)) {
        Some(proxy) if error.is_connect() => proxy_verdict(&error, https, &proxy),
        _ => reqwest_verdict(&error, https, known.is_alive).with(known),
    };
    let refused = proxy_refuses_login(&error);
    let mut no_head = verdict.into_no_head(error.without_url().into());
    if refused {
        no_head.error = no_head.error.with_status(http::StatusCode::PROXY_AUTHENTICATION_REQUIRED);
    }
    no_head
}

/// Classifies a failed connection through a proxy: the step that failed says whether the proxy or the server
/// is at fault.
fn proxy_verdict(error: &reqwest::Error, https: bool, proxy: &str) -> Verdict {
    let kind = connect_kind(error, https);
    let says = match kind {
        ErrorKind::Connect(ConnectError::Dns) => "could not be resolved",
        ErrorKind::Connect(ConnectError::Refused) => "refused the connection",
        ErrorKind::Connect(ConnectError::Proxy) => "did not connect",
        ErrorKind::Connect(ConnectError::Other) => "could not be connected to",
        _ => return Verdict::new(kind, Sent::No),
    };
    Verdict::new(ErrorKind::Connect(ConnectError::Proxy), Sent::No)
        .because(format!("the proxy {proxy} {says}"))
}

/// Whether a proxy refused the tunnel with 407, the only status that hyper-util keeps.
fn proxy_refuses_login(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| cause.to_string() == "tunnel error: proxy authorization required")
}

/// Classifies an error of the body of a response to the direct sender.
pub(crate) fn received(error: hyper::Error) -> Error {
    let kind = hyper_body_kind(&error);
    Error::new(kind).sent_at_least(Sent::Yes).with_source(masked(error.into()))
}

/// Classifies an error of the body of a response to reqwest's client.
pub(crate) fn body(error: reqwest::Error) -> Error {
    let kind = body_kind(&error);
    Error::new(kind).sent_at_least(Sent::Yes).with_source(masked(error.without_url().into()))
}

/// Classifies an error from `poll_ready` of a tower service, which has sent nothing.
pub(crate) fn unsent(error: BoxError) -> Error {
    if let Some(own) = find::<Error>(&*error) {
        return own.clone();
    }
    let kind = match is_elapsed(&*error) {
        true => ErrorKind::Timeout(TimeoutError::Attempt),
        false => ErrorKind::Disconnected(DisconnectedError::Unsent),
    };
    Error::unsent(kind).with_detail("the service was not ready").with_source(masked(error))
}

/// Whether a layer's timer ran out.
fn is_elapsed(error: &(dyn StdError + 'static)) -> bool {
    find::<tower::timeout::error::Elapsed>(error).is_some()
        || find::<tokio::time::error::Elapsed>(error).is_some()
}

/// Classifies an error from `call` of a tower service. One that is or wraps an [`Error`] is that error.
pub(crate) fn service(error: BoxError, https: bool) -> NoHead {
    let error = match error.downcast::<Error>() {
        Ok(error) => return (*error).into(),
        Err(error) => error,
    };
    let error = match error.downcast::<reqwest::Error>() {
        Ok(error) => {
            return head(*error, https, Known::default(), &Proxies::None)
                .sent_at_least(Sent::Maybe);
        }
        Err(error) => error,
    };
    if let Some(inner) = find::<Error>(&*error) {
        return inner.clone().into();
    }
    let verdict = if let Some(inner) = find::<reqwest::Error>(&*error) {
        // What the layers did before this error is not known.
        let verdict = reqwest_verdict(inner, https, false);
        Verdict { sent: verdict.sent.max(Sent::Maybe), resend: Resend::Never, ..verdict }
    } else if is_elapsed(&*error) {
        Verdict::new(ErrorKind::Timeout(TimeoutError::Attempt), Sent::Maybe)
            .because("the tower service timed out")
    } else if find::<tower::load_shed::error::Overloaded>(&*error).is_some() {
        // The layer did not pass the request on.
        let unsent = ErrorKind::Disconnected(DisconnectedError::Unsent);
        Verdict::new(unsent, Sent::No).because("the service is overloaded, and shed the request")
    } else {
        Verdict::new(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe)
            .because("the tower service returned an error")
    };
    verdict.into_no_head(error)
}

/// Classifies the error of a layer over the session's own client, from how much of the request was sent below
/// it, and from the client's failure, if any. A request that a layer refuses is not a failure of the server.
pub(crate) fn layered(error: BoxError, sent: Sent, failure: Option<NoHead>) -> NoHead {
    let resend = failure.as_ref().map_or(Resend::Never, |failure| failure.resend);
    if let Some(own) = find::<Error>(&*error) {
        return NoHead { error: own.clone().sent_at_least(sent), resend };
    }
    // If a layer passed the request on before, the error does not tell what became of that.
    let is_overloaded =
        sent == Sent::No && find::<tower::load_shed::error::Overloaded>(&*error).is_some();
    // A layer may wrap the client's error without showing it as its source.
    if let Some(failure) = failure
        && !is_overloaded
        && !is_elapsed(&*error)
    {
        return NoHead { error: failure.error.sent_at_least(sent), resend };
    }
    let unsent = ErrorKind::Disconnected(DisconnectedError::Unsent);
    let verdict = if is_elapsed(&*error) {
        Verdict::new(ErrorKind::Timeout(TimeoutError::Attempt), sent).because("a layer timed out")
    } else if is_overloaded {
        Verdict::new(unsent, sent).because("the session is overloaded, and shed the request")
    } else if sent == Sent::No {
        Verdict::new(unsent, sent).because("a layer refused the request")
    } else {
        Verdict::new(ErrorKind::Disconnected(DisconnectedError::Closed), sent)
            .because("a layer returned an error")
    };
    verdict.into_no_head(error)
}

fn reqwest_verdict(error: &reqwest::Error, https: bool, is_alive: bool) -> Verdict {
    // First, as reqwest's predicates search the whole chain, also the body that the caller streams: an
    // error there may be one of another request.
    if let Some(hyper) = find::<hyper::Error>(error)
        && hyper.is_user()
    {
        return hyper_verdict(hyper, is_alive);
    }
    if error.is_builder() {
        return Verdict::new(ErrorKind::Build(BuildError::Url), Sent::No);
    }
    if error.is_redirect() {
        return Verdict::new(ErrorKind::Redirect(RedirectError::TooMany), Sent::Yes);
    }
    if error.is_connect() {
        return Verdict::new(connect_kind(error, https), Sent::No);
    }
    match find::<hyper::Error>(error) {
        Some(hyper) => hyper_verdict(hyper, is_alive),
        // The session sets no timer in reqwest; the user's client may have one.
        None if error.is_timeout() => {
            Verdict::new(ErrorKind::Timeout(TimeoutError::Attempt), Sent::Maybe)
        }
        None => Verdict::new(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe),
    }
}

/// Classifies an error of hyper that took the place of a response.
fn hyper_verdict(hyper: &hyper::Error, is_alive: bool) -> Verdict {
    let disconnected = |leaf| Verdict::new(ErrorKind::Disconnected(leaf), Sent::Maybe);
    if hyper.is_user() {
        // Only the body can still be the caller's mistake. hyper also calls it one when the task of a
        // connection is gone.
        let is_body =
            find::<StreamFailed>(hyper).is_some() || find::<reqwest::Error>(hyper).is_some();
        return match is_body {
            true => Verdict::new(ErrorKind::Build(BuildError::Body), Sent::Maybe),
            false if is_alive => Verdict::dropped(),
            false => disconnected(DisconnectedError::Runtime),
        };
    }
    if hyper.is_canceled() && find::<NotAsAgreed>(hyper).is_none() {
        return Verdict::unsent("the connection closed before it was written");
    }
    if hyper.is_parse() {
        return Verdict::new(ErrorKind::Protocol, Sent::Yes);
    }
    let io = innermost_io(hyper).map(io::Error::kind);
    // hyper has no predicate for bytes that arrive on a connection before a request.
    if io == Some(NOT_AS_AGREED)
        || hyper.to_string() == "received unexpected message from connection"
    {
        return Verdict::new(ErrorKind::Protocol, Sent::No).because(
            match find::<NotAsAgreed>(hyper) {
                None if io.is_some() => "the server negotiated HTTP/2, but sent something else",
                _ => "the server sent bytes before the request",
            },
        );
    }
    if refuses_client(hyper) {
        return Verdict::new(ErrorKind::Connect(ConnectError::Tls), Sent::Maybe);
    }
    if hyper.is_incomplete_message() {
        return disconnected(DisconnectedError::Closed);
    }
    h2_verdict(hyper).unwrap_or_else(|| {
        disconnected(match io {
            Some(io::ErrorKind::UnexpectedEof) | None => DisconnectedError::Closed,
            _ if is_end_of_h2(hyper) => DisconnectedError::Closed,
            Some(_) => DisconnectedError::Reset,
        })
    })
}

/// Whether an HTTP/2 connection was closed in order, which h2 reports as a broken pipe. Unlike an error of the
/// operating system, it has a message of its own.
#[cfg(feature = "http2")]
fn is_end_of_h2(hyper: &hyper::Error) -> bool {
    let of_body = find::<h2::Error>(hyper).and_then(h2::Error::get_io);
    of_body
        .or_else(|| innermost_io(hyper))
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe && error.get_ref().is_some())
}

#[cfg(not(feature = "http2"))]
fn is_end_of_h2(_: &hyper::Error) -> bool {
    false
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
    // The client was built without TLS: the request cannot be made at all.
    if says("invalid URL, scheme is not http") {
        return ErrorKind::Build(BuildError::Url);
    }
    let over_tcp = says("tcp ");
    if over_tcp && connects_elsewhere(error) {
        return ErrorKind::Connect(ConnectError::Proxy);
    }
    ErrorKind::Connect(match innermost_io(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => ConnectError::Refused,
        // The name resolved to no address.
        Some(io::ErrorKind::NotConnected) if over_tcp => ConnectError::Dns,
        // Once TCP is connected, only the handshake can fail.
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

/// Whether the server refused the client's certificate, or that there is none. In TLS 1.3 the client
/// completes the handshake and begins to send before it learns so.
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

/// Whether the address that failed is certainly not the URL's, and so a proxy's. Only `Debug` shows it. A
/// host name can have any address, and where the URL has no port, a resolver may choose one.
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

/// Whether the certificate is at fault, which the platform's TLS libraries say only in their text.
fn says_certificate(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| cause.to_string().contains("certificate"))
}

#[cfg(feature = "http2")]
fn h2_verdict(error: &hyper::Error) -> Option<Verdict> {
    let h2 = find::<h2::Error>(error)?;
    if h2.is_io() {
        return None;
    }
    if h2.is_remote() && h2.is_reset() && h2.reason() == Some(h2::Reason::REFUSED_STREAM) {
        return Some(Verdict::unsent("the server refused the stream (REFUSED_STREAM)"));
    }
    if h2.is_remote() && h2.is_go_away() && h2.reason() == Some(h2::Reason::NO_ERROR) {
        return Some(Verdict::left_out());
    }
    let kind = match breaks_protocol(h2) {
        true => ErrorKind::Protocol,
        false => ErrorKind::Disconnected(DisconnectedError::Reset),
    };
    let verdict = Verdict::new(kind, Sent::Maybe);
    Some(match (h2.reason(), h2.is_remote()) {
        (Some(reason), true) if h2.is_go_away() => {
            verdict.because(format!("the server ended the connection ({reason:?})"))
        }
        (Some(reason), true) => {
            verdict.because(format!("the server reset the stream ({reason:?})"))
        }
        _ => verdict,
    })
}

/// Whether one of the peers broke the rules of HTTP/2, or the limits that h2 enforces, such as one against a
/// flood of frames.
#[cfg(feature = "http2")]
fn breaks_protocol(h2: &h2::Error) -> bool {
    match h2.reason() {
        Some(
            h2::Reason::PROTOCOL_ERROR
            | h2::Reason::FRAME_SIZE_ERROR
            | h2::Reason::FLOW_CONTROL_ERROR
            | h2::Reason::COMPRESSION_ERROR
            | h2::Reason::STREAM_CLOSED
            | h2::Reason::SETTINGS_TIMEOUT,
        ) => true,
        Some(h2::Reason::ENHANCE_YOUR_CALM) => h2.is_library(),
        _ => false,
    }
}

/// Whether h2 reset a stream because its data are not as long as `content-length`. Mostly the stream ended too
/// early.
#[cfg(feature = "http2")]
fn has_other_length(hyper: &hyper::Error) -> bool {
    find::<h2::Error>(hyper).is_some_and(|h2| {
        h2.is_library() && h2.is_reset() && h2.reason() == Some(h2::Reason::PROTOCOL_ERROR)
    })
}

#[cfg(not(feature = "http2"))]
fn has_other_length(_: &hyper::Error) -> bool {
    false
}

#[cfg(not(feature = "http2"))]
fn h2_verdict(_: &hyper::Error) -> Option<Verdict> {
    None
}

fn body_kind(error: &reqwest::Error) -> ErrorKind {
    match find::<hyper::Error>(error) {
        Some(hyper) => hyper_body_kind(hyper),
        // No connection failed: a timer or a decoder of the foreign client did.
        None if error.is_timeout() => ErrorKind::Timeout(TimeoutError::Idle),
        None => ErrorKind::Body(BodyError::Decompress),
    }
}

fn hyper_body_kind(hyper: &hyper::Error) -> ErrorKind {
    if hyper.is_incomplete_message() || is_end_of_h2(hyper) || has_other_length(hyper) {
        return ErrorKind::Body(BodyError::Truncated);
    }
    let is_malformed = h2_verdict(hyper).is_some_and(|verdict| verdict.kind == ErrorKind::Protocol);
    if is_malformed || hyper.is_parse() {
        return ErrorKind::Body(BodyError::Framing);
    }
    ErrorKind::Body(match innermost_io(hyper).map(io::Error::kind) {
        Some(io::ErrorKind::UnexpectedEof) => BodyError::Truncated,
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => BodyError::Framing,
        _ => BodyError::Reset,
    })
}

/// Removes the URLs that errors of reqwest in the chain would print: errors of a middleware, of a resolver, or
/// of a body that is itself a response.
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
