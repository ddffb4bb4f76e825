//! Connects to a server over TCP or through a proxy, without TLS to the server.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::{
        legacy::connect::{
            Connected, Connection, HttpConnector,
            dns::{GaiAddrs, GaiResolver, Name},
        },
        proxy::matcher::Intercept,
    },
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{
    failure::{Failure, NotResolved, describe_proxy_failure, tcp_failure},
    proxy::{Proxies, shown},
    tunnel::{self, NoTunnel},
};
#[cfg(any(feature = "rustls", feature = "socks"))]
use crate::error::BoxError;
use crate::tls::Tls;

/// The values that reqwest uses.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_RETRIES: u32 = 3;
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

/// Opens connections to servers.
#[derive(Debug, Clone)]
pub(super) struct Dial {
    tcp: HttpConnector<Resolver>,
    proxies: Proxies,
    tls: Tls,
}

impl Dial {
    pub(super) fn new(resolved: Resolved, proxies: Proxies, tls: Tls) -> Self {
        let resolver = Resolver { platform: GaiResolver::new(), resolved };
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(USER_TIMEOUT));
        Self { tcp, proxies, tls }
    }

    /// The server, and its proxy if there is one, for messages.
    pub(super) fn names(&self, server: &Uri) -> String {
        match self.proxies.intercept(server) {
            Some(proxy) => format!("the proxy {}", shown(proxy.uri())),
            None => "the server".to_owned(),
        }
    }

    async fn through(self, server: Uri, proxy: Intercept) -> Result<Link, Failure> {
        let name = shown(proxy.uri());
        match proxy.uri().scheme_str() {
            Some("http" | "https") => {
                let link = self.reach(proxy.uri(), &name).await?;
                if server.scheme() == Some(&Scheme::HTTP) {
                    return Ok(Link { is_proxied: true, ..link });
                }
                let credentials = proxy.basic_auth().cloned();
                tunnel::open(link, &server, credentials).await.map_err(|error| match error {
                    NoTunnel::Refused(status) => {
                        let what = format!("refused to connect: {status}");
                        Failure::proxy(&name, &what, None).with_status(status)
                    }
                    NoTunnel::Failed(error) => {
                        Failure::proxy(&name, "did not open a tunnel", Some(error))
                    }
                })
            }
            #[cfg(feature = "socks")]
            Some("socks4" | "socks4a" | "socks5" | "socks5h") => {
                self.through_socks(server, &proxy, &name).await
            }
            _ => Err(Failure::proxy(&name, "has an unsupported scheme", None)),
        }
    }

    async fn reach(mut self, proxy: &Uri, name: &str) -> Result<Link, Failure> {
        let tcp = self.tcp.call(proxy.clone()).await.map_err(|error| {
            let failure = tcp_failure(error.into());
            let what = describe_proxy_failure(&failure);
            Failure::proxy(name, what, Some(failure.into()))
        })?;
        let link = Link::over_tcp(tcp);
        match proxy.scheme() == Some(&Scheme::HTTPS) {
            true => secured(link, proxy, name, &self.tls).await,
            false => Ok(link),
        }
    }

    #[cfg(feature = "socks")]
    async fn through_socks(
        self,
        server: Uri,
        proxy: &Intercept,
        name: &str,
    ) -> Result<Link, Failure> {
        use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5};

        let scheme = proxy.uri().scheme_str().unwrap_or_default();
        let is_local = matches!(scheme, "socks4" | "socks5");
        let at = with_default_port(proxy.uri());
        let connected = if scheme.starts_with("socks4") {
            SocksV4::new(at, self.tcp)
                .local_dns(is_local)
                .call(server)
                .await
                .map_err(BoxError::from)
        } else {
            let mut socks = SocksV5::new(at, self.tcp).local_dns(is_local);
            if let Some((user, password)) = proxy.raw_auth() {
                socks = socks.with_auth(user.to_owned(), password.to_owned());
            }
            socks.call(server).await.map_err(BoxError::from)
        };
        match connected {
            Ok(tcp) => Ok(Link::over_tcp(tcp)),
            Err(error) => Err(Failure::proxy(name, "did not connect", Some(error))),
        }
    }
}

/// The default port of SOCKS (RFC 1928 §3).
#[cfg(feature = "socks")]
fn with_default_port(proxy: &Uri) -> Uri {
    if proxy.port().is_some() {
        return proxy.clone();
    }
    let host = proxy.host().unwrap_or_default();
    format!("{}://{host}:1080", proxy.scheme_str().unwrap_or("socks5"))
        .parse()
        .unwrap_or_else(|_| proxy.clone())
}

#[cfg(feature = "rustls")]
async fn secured(link: Link, proxy: &Uri, name: &str, tls: &Tls) -> Result<Link, Failure> {
    use hyper_rustls::HttpsConnector;

    use super::failure::tls_failure;
    use crate::error::{ConnectError, ErrorKind};

    let failed = |error: BoxError| match tls_failure(error) {
        failure if failure.kind == ErrorKind::Connect(ConnectError::Certificate) => {
            failure.with_detail(format!("it is that of the proxy {name}"))
        }
        failure => Failure::proxy(name, "did not complete the TLS handshake", Some(failure.into())),
    };
    let config = tls.to_proxies().map_err(|error| failed(error.into()))?;
    let mut secure = HttpsConnector::from((Given(Some(link)), config));
    let stream = secure.call(proxy.clone()).await.map_err(failed)?;
    Ok(Link::over_tls(stream))
}

#[cfg(not(feature = "rustls"))]
async fn secured(_: Link, _: &Uri, name: &str, _: &Tls) -> Result<Link, Failure> {
    Err(Failure::proxy(name, "is reached by TLS, which needs the feature `rustls`", None))
}

/// A connector that returns an existing connection.
#[cfg(feature = "rustls")]
struct Given(Option<Link>);

#[cfg(feature = "rustls")]
impl Service<Uri> for Given {
    type Response = Link;
    type Error = io::Error;
    type Future = std::future::Ready<Result<Link, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        std::future::ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

impl Service<Uri> for Dial {
    type Response = Link;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Link, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let mut dial = self.clone();
        match dial.proxies.intercept(&server) {
            Some(proxy) => Box::pin(dial.through(server, proxy)),
            None => Box::pin(async move {
                let tcp = dial.tcp.call(server).await.map_err(|error| tcp_failure(error.into()))?;
                Ok(Link::over_tcp(tcp))
            }),
        }
    }
}

/// The addresses of hosts that are not looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved(Option<Arc<HashMap<String, Vec<SocketAddr>>>>);

impl Resolved {
    /// Sets the addresses of a host.
    pub(crate) fn add(&mut self, host: &str, addresses: Vec<SocketAddr>) {
        let hosts = Arc::make_mut(self.0.get_or_insert_default());
        // In the form of a URL.
        hosts.insert(host.to_ascii_lowercase(), addresses);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[SocketAddr])> {
        let hosts = self.0.iter().flat_map(|hosts| hosts.iter());
        hosts.map(|(host, addresses)| (&**host, &**addresses))
    }

    fn of(&self, host: &str) -> Option<Vec<SocketAddr>> {
        self.0.as_ref()?.get(host).cloned()
    }
}

/// The platform's resolver, with its own error type to distinguish it from a failure to connect.
#[derive(Debug, Clone)]
struct Resolver {
    platform: GaiResolver,
    resolved: Resolved,
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = NotResolved;
    type Future = Pin<Box<dyn Future<Output = Result<Addresses, NotResolved>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NotResolved>> {
        self.platform.poll_ready(context).map_err(|error| NotResolved(error.into()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if let Some(addresses) = self.resolved.of(name.as_str()) {
            return Box::pin(std::future::ready(Ok(Addresses::Given(addresses.into_iter()))));
        }
        let resolving = self.platform.call(name);
        Box::pin(async move {
            let addresses = resolving.await.map_err(|error| NotResolved(error.into()))?;
            Ok(Addresses::Found(addresses))
        })
    }
}

/// The addresses of a host.
enum Addresses {
    Found(GaiAddrs),
    Given(std::vec::IntoIter<SocketAddr>),
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Self::Found(addresses) => addresses.next(),
            Self::Given(addresses) => addresses.next(),
        }
    }
}

/// A connection to a server or a proxy.
pub(super) struct Link {
    stream: Stream,
    /// Whether a proxy forwards the requests, which then contain their absolute URL.
    is_proxied: bool,
}

enum Stream {
    Tcp(TokioIo<TcpStream>),
    /// Boxed: the state of TLS is over 1 KB, for which a plain connection has no room.
    #[cfg(feature = "rustls")]
    Tls(Box<hyper_rustls::MaybeHttpsStream<Link>>),
}

impl Link {
    fn over_tcp(tcp: TokioIo<TcpStream>) -> Self {
        Self { stream: Stream::Tcp(tcp), is_proxied: false }
    }

    #[cfg(feature = "rustls")]
    pub(super) fn over_tls(tls: hyper_rustls::MaybeHttpsStream<Self>) -> Self {
        Self { stream: Stream::Tls(Box::new(tls)), is_proxied: false }
    }
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        // Without the addresses of TCP, because hyper-util copies the extensions of a connection into each of
        // its responses.
        match &self.stream {
            Stream::Tcp(_) => Connected::new().proxy(self.is_proxied),
            #[cfg(feature = "rustls")]
            Stream::Tls(stream) => stream.connected().proxy(self.is_proxied),
        }
    }
}

/// Calls a method of the stream of this variant.
macro_rules! stream {
    ($link:expr, $stream:ident => $call:expr) => {
        match &mut $link.stream {
            Stream::Tcp($stream) => $call,
            #[cfg(feature = "rustls")]
            Stream::Tls($stream) => $call,
        }
    };
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        stream!(self, stream => Pin::new(stream).poll_read(context, buffer))
    }
}

impl Write for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        stream!(self, stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        stream!(self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        stream!(self, stream => Pin::new(stream).poll_shutdown(context))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(feature = "rustls")]
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        stream!(self, stream => Pin::new(stream).poll_write_vectored(context, slices))
    }
}
