//! The settings of a session. [`build`] makes a session from them.

mod build;

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::header as names;
use tower_layer::Layer;
use tower_service::Service;

#[cfg(feature = "rustls")]
use crate::tls::Certificates;
#[cfg(feature = "testing")]
use crate::transport::MakeStandIn;
use crate::{
    credentials::Credentials,
    direct::{MaxConnections, Resolved},
    error::Error,
    hooks::Hooks,
    observe::Observer,
    plan::Defaults,
    prepare::HopRequest,
    request::{IntoHeaderValue, add_header, header_name, parse_http, take_userinfo},
    retry::{Retry, budget},
    tls::Tls,
    transport::{
        CloneService, ErasedService, Layers, Proxies, Proxy,
        layer::{RequestBody, ResponseBody, SessionService},
    },
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than the idle timeouts of servers.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// Longer than a program runs.
const A_CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

type Configure = Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

/// The user's client or service.
enum Given {
    Client(reqwest::Client),
    Service(Box<dyn ErasedService>),
    #[cfg(feature = "testing")]
    StandIn(Box<MakeStandIn>),
}

/// Builds a [`Session`](crate::Session). Every setting has a [default](crate::Session#defaults).
#[must_use = "`build` makes the session"]
pub struct SessionBuilder {
    defaults: Defaults,
    given: Option<Given>,
    retry_budget: Option<u32>,
    connect_timeout: Option<Duration>,
    pool_idle_timeout: Option<Duration>,
    #[cfg(feature = "rustls")]
    certificates: Certificates,
    /// The TLS configuration with these certificates.
    tls: Tls,
    http2: bool,
    resolved: Resolved,
    max_connections: MaxConnections,
    proxies: Proxies,
    configure: Vec<Configure>,
    layers: Layers,
    /// Whether [`use_reqwest`](SessionBuilder::use_reqwest) is set.
    reqwest: bool,
    mistake: Option<Error>,
}

impl SessionBuilder {
    pub(super) fn new() -> Self {
        Self {
            defaults: Defaults::default(),
            given: None,
            retry_budget: Some(budget::CAPACITY),
            connect_timeout: Some(CONNECT_TIMEOUT),
            pool_idle_timeout: Some(POOL_IDLE_TIMEOUT),
            #[cfg(feature = "rustls")]
            certificates: Certificates::default(),
            tls: Tls::default(),
            http2: false,
            resolved: Resolved::default(),
            max_connections: MaxConnections::default(),
            proxies: Proxies::SYSTEM,
            configure: Vec::new(),
            layers: Layers::default(),
            reqwest: false,
            mistake: None,
        }
    }

    /// Sets the URL to which templates without a scheme and host are appended. Its own path is kept. User
    /// information in it becomes an `Authorization` header of the requests to its origin.
    ///
    /// The session's secrets belong to that origin: a request to another origin, from a template with its own
    /// scheme and host, carries neither the user information nor the secret headers of the session.
    pub fn base_url(mut self, url: impl AsRef<str>) -> Self {
        let base = parse_http(url.as_ref()).and_then(|mut url| {
            self.defaults.credentials = take_userinfo(&mut url)?;
            self.defaults.base = Some(url);
            Ok(())
        });
        self.or_mistake(base)
    }

    /// Adds a header to every request that does not set the header itself. A header that [carries
    /// credentials](crate::Request::header) is only sent to the origin of the base URL, if there is a base
    /// URL.
    pub fn header(mut self, name: impl AsRef<str>, value: impl IntoHeaderValue) -> Self {
        let added = add_header(&mut self.defaults.headers, name.as_ref(), value);
        self.or_mistake(added)
    }

    /// Declares that a header carries credentials, if that is not known by its
    /// [name](crate::Request::header). The header is then marked sensitive and not sent to another origin,
    /// whether the session or a request sets it.
    ///
    /// ```
    /// let session = backstop::Session::builder()
    ///     .base_url("https://api.example.com")
    ///     .sensitive_header("x-tenant-door")
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn sensitive_header(mut self, name: impl AsRef<str>) -> Self {
        let named = header_name(name.as_ref()).map(|name| self.hooks().sensitive.push(name));
        self.or_mistake(named)
    }

    /// Limits the duration of the whole call: hops, attempts, and the body if it is buffered. 30 s by
    /// default, `None` for no limit.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.defaults.timeouts.total = timeout.into();
        self
    }

    /// Limits the duration of connecting: name resolution, TCP, proxy and TLS. 5 s by default, `None` for no
    /// limit.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// Limits the duration of one attempt, including its body. `None`, no limit, by default.
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.defaults.timeouts.attempt = timeout.into();
        self
    }

    /// Limits the time between parts of the body. 20 s by default, `None` for no limit.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.defaults.timeouts.idle = timeout.into();
        self
    }

    /// Sets the retry policy of requests that have none of their own. No retries by default. A streamed body
    /// is never sent again.
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.defaults.retry = Some(Arc::new(retry.into()));
        self
    }

    /// Sets the budget for the retries of each origin, per runtime: 500 tokens by default, `None` for no
    /// limit.
    ///
    /// A retry takes 5 tokens, or 10 after a timeout, and returns them when it succeeds. A call with a retry
    /// policy that succeeds at its first attempt adds 1, up to the budget. A retry is free if the server
    /// cannot have noticed the attempt, for example because its name did not resolve, it refused the
    /// connection, or it did not process the request. Without enough tokens, the call ends with its last
    /// error: an origin that is down receives about 100 retries in total, rather than three per call.
    pub fn retry_budget(mut self, tokens: impl Into<Option<u32>>) -> Self {
        self.retry_budget = tokens.into();
        self
    }

    /// Sets how long an idle connection is kept. 1.5 s by default; `None` keeps it until the server closes
    /// it.
    ///
    /// A request that is sent while the server closes its connection is lost, and may have been processed.
    /// Servers keep an idle connection for 2 s (gunicorn), 5 s (Node, Apache, uvicorn) or more (nginx,
    /// 75 s): the default is shorter than all of them. If your server keeps it longer, a longer time here saves
    /// handshakes.
    pub fn pool_idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        // A duration beyond the clock's range is no limit.
        self.pool_idle_timeout = timeout.into().filter(|timeout| *timeout < A_CENTURY);
        self
    }

    /// Limits the number of open connections per runtime, to all servers together. `None`, no limit, by
    /// default.
    ///
    /// At the limit, a call waits until a connection becomes idle or is closed; idle connections to other
    /// origins are closed to make room, as they count too. The timers of the attempt and of the call include
    /// this wait, but not the [connect timeout](SessionBuilder::connect_timeout); a call that ends during it
    /// has [sent](Error::sent) nothing. An HTTP/2 connection carries many calls: to limit calls in flight,
    /// use a [layer](SessionBuilder::layer) with tower's concurrency limit.
    ///
    /// The limit applies to the session's own connections: a session that uses [reqwest's
    /// client](SessionBuilder::use_reqwest) refuses it with
    /// [`BuildError::Session`](crate::BuildError::Session).
    ///
    /// ```no_run
    /// let session = backstop::Session::builder()
    ///     .max_connections(100)
    ///     .max_connections_per_origin(6)
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn max_connections(mut self, connections: impl Into<Option<usize>>) -> Self {
        self.max_connections.total = connections.into();
        self
    }

    /// Limits the number of open connections per runtime to each origin: a scheme, host and port. `None`, no
    /// limit, by default. At the limit, a call waits as with
    /// [`max_connections`](SessionBuilder::max_connections); both limits can be set.
    pub fn max_connections_per_origin(mut self, connections: impl Into<Option<usize>>) -> Self {
        self.max_connections.per_origin = connections.into();
        self
    }

    /// Limits the size of a buffered body in bytes, after decompression. 16 MiB by default.
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.defaults.max_body = bytes;
        self
    }

    /// Limits how much of a response's body an [error](Error::body) keeps, in bytes after decompression. 8
    /// KiB by default.
    pub fn error_body(mut self, bytes: u64) -> Self {
        self.defaults.error_body = bytes;
        self
    }

    /// Sets how many redirects are followed, 10 by default. With 0, a redirect fails with
    /// [`Status`](crate::ErrorKind::Status), as any other status that is not success.
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.defaults.redirects.max = redirects;
        self
    }

    /// Sets whether headers that carry credentials or are marked sensitive are sent to another origin after a
    /// redirect. Off by default: anyone who can make the server redirect could obtain them.
    pub fn forward_credentials(mut self, forward: bool) -> Self {
        self.defaults.redirects.forward_credentials = forward;
        self
    }

    /// Sets whether a redirect from `https` to `http` is followed. Off by default.
    pub fn allow_downgrade(mut self, allow: bool) -> Self {
        self.defaults.redirects.allow_downgrade = allow;
        self
    }

    /// Sets whether a redirected request has a `Referer` header with the previous URL. Off by default: the
    /// header contains the whole query of that URL.
    pub fn referer(mut self, referer: bool) -> Self {
        self.defaults.redirects.send_referer = referer;
        self
    }

    /// Sets the `User-Agent` of requests that have none of their own (RFC 9110 §10.1.5). By default, none is
    /// sent.
    ///
    /// ```
    /// let session = backstop::Session::builder()
    ///     .user_agent(concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn user_agent(self, product: impl IntoHeaderValue) -> Self {
        self.header(names::USER_AGENT, product)
    }

    /// Connects to these addresses for a host, instead of resolving its name. `Host` and the verification of
    /// the certificate still use the name. The port is the URL's. If the URL has no port, it is the
    /// address's, or the scheme's default if that is 0.
    ///
    /// ```
    /// let session = backstop::Session::builder()
    ///     .resolve("api.example.com", ["10.0.0.7:0".parse().unwrap()])
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn resolve(
        mut self,
        host: impl AsRef<str>,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Self {
        self.resolved.add(host.as_ref(), addresses.into_iter().collect());
        self
    }

    /// Sets whether cookies are stored and sent. Off by default. All requests of the session share the
    /// cookies.
    #[cfg(feature = "cookies")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cookies")))]
    pub fn cookie_store(mut self, cookies: bool) -> Self {
        self.hooks().cookies = cookies.then(|| Arc::new(reqwest::cookie::Jar::default()) as _);
        self
    }

    /// Stores and sends cookies with the given jar: a `reqwest::cookie::Jar` that the program can read, fill
    /// or share, or another store. A request with a `Cookie` header of its own sends only that.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use backstop::{Session, reqwest::cookie::Jar};
    ///
    /// let jar = Arc::new(Jar::default());
    /// jar.add_cookie_str("theme=dark", &"https://example.com".parse().unwrap());
    /// let session = Session::builder().cookie_jar(Arc::clone(&jar)).build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    #[cfg(feature = "cookies")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cookies")))]
    pub fn cookie_jar(mut self, jar: Arc<impl reqwest::cookie::CookieStore + 'static>) -> Self {
        self.hooks().cookies = Some(jar);
        self
    }

    /// Sends requests through a proxy: a URL, for all requests, or a `reqwest::Proxy`. Of several proxies,
    /// the first that applies to a request is used. System proxies are then ignored.
    ///
    /// A proxy that cannot be reached, or refuses a tunnel, is
    /// [`ConnectError::Proxy`](crate::ConnectError::Proxy), with the proxy's status. A plain `http` request
    /// is answered by the proxy itself, so its refusal, including 407, is a
    /// [`Status`](crate::ErrorKind::Status).
    pub fn proxy(mut self, proxy: impl Into<Proxy>) -> Self {
        let added = self.proxies.add(proxy.into());
        self.or_mistake(added)
    }

    /// Uses no proxy. By default, with the feature `system-proxy`, the proxies of the environment
    /// (`HTTPS_PROXY`, `NO_PROXY`, …) and of the system are used; the environment is read once.
    ///
    /// The variables have the same meaning as in reqwest, and nearly the same as in curl. A value that is not
    /// the URL of a proxy is ignored. `*` in `NO_PROXY` matches every host name but no IP address, which
    /// needs its network (`10.0.0.0/8`). A SOCKS proxy without the feature `socks` is a
    /// [`BuildError::Session`](crate::BuildError::Session), rather than being ignored.
    pub fn no_proxy(mut self) -> Self {
        self.proxies = Proxies::NONE;
        self
    }

    /// Trusts these certificates (PEM) for `https`, in addition to those of the platform.
    ///
    /// With [`configure`](SessionBuilder::configure), they are passed to reqwest.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn root_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        let added = self.certificates.add_roots(pem.as_ref());
        self.or_mistake(added)
    }

    /// Sets the client certificate for servers that ask for one (mutual TLS): its chain and its private key,
    /// in one PEM text.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn identity(mut self, pem: impl AsRef<[u8]>) -> Self {
        let set = self.certificates.set_identity(pem.as_ref());
        self.or_mistake(set)
    }

    /// Sets whether HTTP/2 is used with prior knowledge (RFC 9113 §3.3), including over plain `http`. Off by
    /// default: over `https`, the TLS handshake negotiates the version.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    pub fn http2_prior_knowledge(mut self, http2: bool) -> Self {
        self.http2 = http2;
        self
    }

    /// Configures reqwest's client builder: a resolver, a Unix socket, or any other setting of reqwest's. The
    /// closure is applied to the client of each runtime, after the session's own settings.
    ///
    /// reqwest then also builds the TLS configuration, with rustls if that feature is on, so TLS settings
    /// take effect here. That takes milliseconds for each client, so keep such a session. Redirects, retries
    /// and decompression remain the session's: to receive uncompressed bodies, send the header
    /// `accept-encoding: identity`. Do not put credentials into `default_headers`: reqwest adds those to
    /// every hop, whatever its origin, which [`header`](SessionBuilder::header) does not.
    ///
    /// ```
    /// # fn example() -> Result<backstop::Session, backstop::Error> {
    /// let session = backstop::Session::builder()
    ///     .configure(|client| client.user_agent("inventory/1.4").https_only(true))
    ///     .build()?;
    /// # Ok(session)
    /// # }
    /// ```
    pub fn configure(
        mut self,
        configure: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.configure.push(Arc::new(configure));
        self
    }

    /// Sets whether requests are sent by reqwest's client. Off by default: the session sends them itself,
    /// with the libraries that reqwest is built on, in about half of the time. Settings that need reqwest
    /// select its client automatically: [`configure`](SessionBuilder::configure), a `reqwest::Proxy`, and the
    /// features `hickory-dns` and `native-tls`. Timers, redirects, retries and errors are the same with both.
    /// `Debug` of a session names its client, `Direct` or `Reqwest`.
    pub fn use_reqwest(mut self, reqwest: bool) -> Self {
        self.reqwest = reqwest;
        self
    }

    /// Sends requests with this client, as [`Session::from`](crate::Session::from) does. The client has its
    /// own connections, connect timeout and pool timeout. Setting a proxy, a certificate, cookies or
    /// [`configure`](SessionBuilder::configure) as well is a
    /// [`BuildError::Session`](crate::BuildError::Session).
    pub fn client(mut self, client: reqwest::Client) -> Self {
        self.given = Some(Given::Client(client));
        self
    }

    /// Sends each hop through a tower service, which is cloned for it: a `reqwest::Client` with limits,
    /// circuit breakers or other middleware, or a replacement for it in tests. As with a
    /// [`client`](SessionBuilder::client), the settings of connections are the service's own.
    ///
    /// If an error of the service is or wraps an [`Error`] of this crate, the call fails with that error,
    /// including its [`sent`](Error::sent). An error of reqwest keeps its kind. tower's `Elapsed` is
    /// [`TimeoutError::Attempt`](crate::TimeoutError::Attempt). tower's `Overloaded`, and every error of
    /// `poll_ready`, is [`Unsent`](crate::DisconnectedError::Unsent). Any other error of `call` is
    /// [`Closed`](crate::DisconnectedError::Closed).
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<reqwest::Request, Response = reqwest::Response> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send,
    {
        self.given = Some(Given::Service(Box::new(CloneService(Mutex::new(service)))));
        self
    }

    /// Asks a source for credentials before each attempt, so that a retry carries a current token. The source
    /// is a [`Bearer`](crate::credentials::Bearer), a closure, or your own [`Credentials`]. If the server
    /// answers 401, the source is asked again with the refused credentials, and the request is sent again
    /// with the new ones. This happens once per call, for every method, because a request that was answered
    /// 401 was not processed. A streamed body is not sent again.
    ///
    /// The header is sent to the origin of the base URL, or without a base URL to the origin that the request
    /// names, and never to another origin after a redirect, even with
    /// [`forward_credentials`](SessionBuilder::forward_credentials). If the request has `bearer`, `basic` or
    /// an `Authorization` header, the source is not asked. The header replaces an `Authorization` of the
    /// session.
    ///
    /// The timers of the attempt include the source. If the source fails, the call fails with
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials), and the source's error as its cause.
    pub fn credentials(mut self, source: impl Credentials) -> Self {
        self.hooks().source = Some(Arc::new(source));
        self
    }

    /// Calls a hook with each hop of each attempt just before it is sent, including its credentials. The hook
    /// can set headers (a signature, `traceparent`, a request id), or refuse the request with an error.
    /// Several hooks run in order, and each sees the headers that earlier ones set.
    ///
    /// A header that is set on a hop is not on later hops. Headers that carry credentials are removed from a
    /// hop to another origin; [`HopRequest::is_own_origin`](crate::HopRequest::is_own_origin) tells a hook
    /// whether it is one.
    ///
    /// An error of the hook becomes the source of a [`BuildError::Prepare`](crate::BuildError::Prepare). An
    /// [`Error`] of this crate is returned unchanged.
    ///
    /// ```
    /// use backstop::{Error, Session};
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// let ids = AtomicU64::new(1);
    /// let session = Session::builder()
    ///     .prepare(move |hop| -> Result<(), Error> {
    ///         hop.set_header("x-request-id", ids.fetch_add(1, Ordering::Relaxed).to_string())
    ///     })
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn prepare<E>(
        mut self,
        hook: impl Fn(&mut HopRequest<'_>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.hooks().prepare.push(Arc::new(move |hop| hook(hop).map_err(Into::into)));
        self
    }

    /// Adds an [`Observer`] of the session's calls. There can be several.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        let hooks = self.hooks();
        let added: Arc<dyn Observer> = Arc::new(observer);
        hooks.observers = hooks.observers.iter().cloned().chain([added]).collect();
        self
    }

    fn hooks(&mut self) -> &mut Hooks {
        Arc::make_mut(&mut self.defaults.hooks)
    }

    /// Wraps the session's own clients in a tower layer: a limit, a circuit breaker, a cache. The layer sees
    /// each hop of each attempt, every time that it is sent; redirects, retries, timers and errors remain the
    /// session's. It is applied once per runtime, and sees all requests of that runtime. Of several layers,
    /// the first is the outermost, as in tower's `ServiceBuilder`, which is a layer too.
    ///
    /// As with [`service`](SessionBuilder::service), the resulting service is cloned for each request; wrap
    /// one that is not `Clone`, such as a `RateLimit`, in a `Buffer`.
    ///
    /// The [`sent`](Error::sent) of a layer's error is exact: `No` if the layer did not pass the request on.
    /// tower's `Elapsed` is [`TimeoutError::Attempt`](crate::TimeoutError::Attempt), and every other refusal
    /// is [`Unsent`](crate::DisconnectedError::Unsent), with the layer's error as its source. If a layer's
    /// error is or wraps an [`Error`] of this crate, the call fails with that error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use backstop::Session;
    /// use tower::{ServiceBuilder, limit::ConcurrencyLimitLayer};
    ///
    /// let limits = ServiceBuilder::new().buffer(64).rate_limit(10, Duration::from_secs(1));
    /// let session = Session::builder()
    ///     .layer(ConcurrencyLimitLayer::new(20))
    ///     .layer(limits)
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<SessionService> + Send + Sync + 'static,
        L::Service: Service<http::Request<RequestBody>, Response = http::Response<ResponseBody>>
            + Clone
            + Send
            + 'static,
        <L::Service as Service<http::Request<RequestBody>>>::Error:
            Into<Box<dyn std::error::Error + Send + Sync>>,
        <L::Service as Service<http::Request<RequestBody>>>::Future: Send + 'static,
    {
        self.layers.add(layer);
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn stand_in(mut self, make: Box<MakeStandIn>) -> Self {
        self.given = Some(Given::StandIn(make));
        self
    }

    /// Keeps the first mistake.
    fn or_mistake(mut self, made: Result<(), Error>) -> Self {
        if let Err(mistake) = made {
            self.mistake.get_or_insert(mistake);
        }
        self
    }
}

impl fmt::Debug for SessionBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder").finish_non_exhaustive()
    }
}
