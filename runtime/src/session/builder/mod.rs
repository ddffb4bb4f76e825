//! The settings of a session. How the session is made of them: [`build`].

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

/// Makes a [`Session`](crate::Session). Every setting has a [default](crate::Session#defaults).
#[must_use = "a builder makes a session with `build`"]
pub struct SessionBuilder {
    defaults: Defaults,
    given: Option<Given>,
    retry_budget: Option<u32>,
    connect_timeout: Option<Duration>,
    pool_idle_timeout: Option<Duration>,
    #[cfg(feature = "rustls")]
    certificates: Certificates,
    /// The configuration with these certificates.
    tls: Tls,
    http2: bool,
    resolved: Resolved,
    max_connections: MaxConnections,
    proxies: Proxies,
    configure: Vec<Configure>,
    layers: Layers,
    /// Whether reqwest's client was asked for.
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

    /// The URL that templates without a scheme and host are appended to; its own path is kept.
    /// User information in it becomes an `Authorization` header of the requests to its origin.
    ///
    /// The session's secrets belong to that origin: a template with a scheme and host of its own that
    /// leads elsewhere is sent neither the user information nor the secret headers of the session.
    pub fn base_url(mut self, url: impl AsRef<str>) -> Self {
        let base = parse_http(url.as_ref()).and_then(|mut url| {
            self.defaults.credentials = take_userinfo(&mut url)?;
            self.defaults.base = Some(url);
            Ok(())
        });
        self.or_mistake(base)
    }

    /// A header that every request carries, unless it has one of this name itself. One that
    /// [carries credentials](crate::Request::header) is sent to the origin of the base URL alone, if
    /// there is a base URL: a request to another origin goes without it.
    pub fn header(mut self, name: impl AsRef<str>, value: impl IntoHeaderValue) -> Self {
        let added = add_header(&mut self.defaults.headers, name.as_ref(), value);
        self.or_mistake(added)
    }

    /// Names a header that carries credentials, where its [name](crate::Request::header) does not tell.
    /// Whether the session or a request has it, it is then marked sensitive, and not sent to another
    /// origin.
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

    /// Bounds the whole call: hops, attempts, and the body if it is buffered. 30 s by default,
    /// `None` for no bound.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.defaults.timeouts.total = timeout.into();
        self
    }

    /// Bounds connecting: name resolution, TCP, proxy and TLS. 5 s by default, `None` for no bound.
    pub fn connect_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.connect_timeout = timeout.into();
        self
    }

    /// Bounds one attempt, its body included. `None`, no bound, by default.
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.defaults.timeouts.attempt = timeout.into();
        self
    }

    /// Bounds the wait for the next byte of the body. 20 s by default, `None` for no bound.
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.defaults.timeouts.idle = timeout.into();
        self
    }

    /// The retry policy of requests that set none themselves. None by default. A body that is a stream is sent
    /// only once in any case.
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.defaults.retry = Some(Arc::new(retry.into()));
        self
    }

    /// The budget for the retries of an origin, on each runtime: 500 tokens by default, `None` for no limit.
    ///
    /// A retry takes 5 tokens, or 10 after a timeout, and returns them when it succeeds; a call with a retry
    /// policy that succeeds at its first attempt adds 1, up to the budget. A retry is free if the server cannot
    /// have noticed the attempt: a name that did not resolve, a refused connection, a request that was not taken.
    /// With too few tokens, the call ends with its last error: an origin that is down gets about 100 retries in
    /// all, and not three for every call.
    pub fn retry_budget(mut self, tokens: impl Into<Option<u32>>) -> Self {
        self.retry_budget = tokens.into();
        self
    }

    /// How long an idle connection is kept. 1.5 s by default; `None` keeps it until the server closes it.
    ///
    /// A request that is sent while the server closes its connection is lost, and may have been processed.
    /// Servers keep an idle connection for 2 s (gunicorn), 5 s (Node, Apache, uvicorn) or more (nginx,
    /// 75 s): the default is shorter than all of them. If your server keeps it longer, a longer time here saves
    /// handshakes.
    pub fn pool_idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        // A time beyond the clock's range is no limit.
        self.pool_idle_timeout = timeout.into().filter(|timeout| *timeout < A_CENTURY);
        self
    }

    /// How many connections the session has at once on each runtime, to all servers. `None`, no limit, by
    /// default.
    ///
    /// With as many as that, a call waits for one that becomes idle or is closed, and idle connections to other
    /// origins are closed to make room. The wait is under the timers of the attempt and of the call, and not
    /// under the [connect timeout](SessionBuilder::connect_timeout); a call that it ends has [sent](Error::sent)
    /// nothing. Idle connections count. One connection of HTTP/2 carries many calls: to bound calls in
    /// flight, use a [layer](SessionBuilder::layer) with tower's concurrency limit.
    ///
    /// It is for the session's own connections: a session that is sent by [reqwest's
    /// client](SessionBuilder::use_reqwest) refuses it as a [`BuildError::Session`](crate::BuildError::Session).
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

    /// How many connections the session has at once on each runtime to one origin: one scheme, host and
    /// port. `None`, no limit, by default. A call waits for one as with
    /// [`max_connections`](SessionBuilder::max_connections), which the two may be set beside.
    pub fn max_connections_per_origin(mut self, connections: impl Into<Option<usize>>) -> Self {
        self.max_connections.per_origin = connections.into();
        self
    }

    /// Bounds a buffered body after decompression, in bytes. 16 MiB by default.
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.defaults.max_body = bytes;
        self
    }

    /// Bounds how much of a response's body an [error](Error::body) keeps, after decompression and in
    /// bytes. 8 KiB by default.
    pub fn error_body(mut self, bytes: u64) -> Self {
        self.defaults.error_body = bytes;
        self
    }

    /// How many redirects are followed, 10 by default. With 0, a redirect is a
    /// [`Status`](crate::ErrorKind::Status) like any other that is not success.
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.defaults.redirects.max = redirects;
        self
    }

    /// Whether headers that carry credentials, and those marked sensitive, are sent to another origin after a
    /// redirect. Off by default: anyone who can make the server redirect could obtain them.
    pub fn forward_credentials(mut self, forward: bool) -> Self {
        self.defaults.redirects.forward_credentials = forward;
        self
    }

    /// Whether a redirect from `https` to `http` is followed. Off by default.
    pub fn allow_downgrade(mut self, allow: bool) -> Self {
        self.defaults.redirects.allow_downgrade = allow;
        self
    }

    /// Whether a redirected request has a `Referer` with the URL before. Off by default: the header contains
    /// the whole query of that URL.
    pub fn referer(mut self, referer: bool) -> Self {
        self.defaults.redirects.send_referer = referer;
        self
    }

    /// The `User-Agent` of requests that have none of their own (RFC 9110 §10.1.5). By default, none is sent.
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

    /// Connects to these addresses for a host, in place of those that its name resolves to. The name stays
    /// that of the URL, for `Host` and for the certificate. The port is the URL's, or its scheme's; that
    /// of an address counts where the URL has none and it is not 0.
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

    /// Whether cookies are stored and sent. Off by default; on, they are shared by everything
    /// that this session sends.
    #[cfg(feature = "cookies")]
    #[cfg_attr(docsrs, doc(cfg(feature = "cookies")))]
    pub fn cookie_store(mut self, cookies: bool) -> Self {
        self.hooks().cookies = cookies.then(|| Arc::new(reqwest::cookie::Jar::default()) as _);
        self
    }

    /// Stores and sends cookies by a jar of the program's own: a `reqwest::cookie::Jar` that it looks
    /// into, fills or shares, or another store. A request with a `Cookie` of its own is sent that alone.
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

    /// Sends through a proxy: one for every URL, given by its own, or a `reqwest::Proxy`. Of several, the
    /// first that takes a URL does. Proxies of the system are then left alone.
    ///
    /// A proxy that cannot be reached, or refuses a tunnel, is
    /// [`ConnectError::Proxy`](crate::ConnectError::Proxy), with the status that it refused with. To a
    /// plain `http` request it answers in the server's place, so that whatever it refuses, also with 407,
    /// is a [`Status`](crate::ErrorKind::Status).
    pub fn proxy(mut self, proxy: impl Into<Proxy>) -> Self {
        let added = self.proxies.add(proxy.into());
        self.or_mistake(added)
    }

    /// Sends through no proxy. By default, with the feature `system-proxy`, those of the environment
    /// (`HTTPS_PROXY`, `NO_PROXY`, …) and of the system are used; the environment is looked at once.
    ///
    /// The variables are read as reqwest reads them, which is much as curl does: what is no URL of a
    /// proxy names none, and `*` in `NO_PROXY` stands for every name, but for no address, which its
    /// network stands for (`10.0.0.0/8`). A SOCKS proxy without the feature `socks` is a
    /// [`BuildError::Session`](crate::BuildError::Session), and is not passed by.
    pub fn no_proxy(mut self) -> Self {
        self.proxies = Proxies::NONE;
        self
    }

    /// Trusts the certificates of a PEM text for `https`, in addition to those of the platform.
    ///
    /// A session with [`configure`](SessionBuilder::configure) hands them to reqwest.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn root_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        let added = self.certificates.add_roots(pem.as_ref());
        self.or_mistake(added)
    }

    /// Shows a certificate to servers that ask for one (mutual TLS): its chain and its private key, in one
    /// PEM text.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn identity(mut self, pem: impl AsRef<[u8]>) -> Self {
        let set = self.certificates.set_identity(pem.as_ref());
        self.or_mistake(set)
    }

    /// Whether servers are spoken to in HTTP/2 without asking (RFC 9113 §3.3), also over plain `http`. Off
    /// by default: over `https`, the handshake agrees on the version.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    pub fn http2_prior_knowledge(mut self, http2: bool) -> Self {
        self.http2 = http2;
        self
    }

    /// Whatever else reqwest's builder can do: root certificates, a resolver, a Unix socket. Part of
    /// the recipe, applied to the client of each runtime after the session's own settings.
    ///
    /// reqwest then also makes the TLS configuration, by rustls where that feature is on, so that what is
    /// set here governs it. That takes milliseconds for each client: keep such a session. Redirects, retries and decompression
    /// stay the session's: a header `accept-encoding: identity` asks for bodies that are not
    /// compressed. Credentials do not belong in `default_headers`: reqwest adds those to every hop,
    /// whatever its origin; [`header`](SessionBuilder::header) does not.
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

    /// Whether requests are sent by reqwest's client. Off by default: the session sends them itself, by
    /// the libraries that reqwest is made of, in about half of the time. What only reqwest can do takes its
    /// client by itself: [`configure`](SessionBuilder::configure), a `reqwest::Proxy`, and the features
    /// `hickory-dns` and `native-tls`. Timers, redirects, retries and errors are the same over both, and `Debug`
    /// of a session names its client, `Direct` or `Reqwest`.
    pub fn use_reqwest(mut self, reqwest: bool) -> Self {
        self.reqwest = reqwest;
        self
    }

    /// Sends through this client, as [`Session::from`](crate::Session::from) does, with its connections, its connect
    /// timeout and its pool timeout. Proxies, certificates, cookies and [`configure`](SessionBuilder::configure) beside it are a
    /// [`BuildError::Session`](crate::BuildError::Session).
    pub fn client(mut self, client: reqwest::Client) -> Self {
        self.given = Some(Given::Client(client));
        self
    }

    /// Sends each hop through a tower service, which is cloned for it: limits, circuit breakers
    /// and other middleware around a `reqwest::Client`, or a stand-in for it in tests. Settings of
    /// connections are then the service's, as with a [`client`](SessionBuilder::client).
    ///
    /// An error of the service that is or wraps an [`Error`] of this crate is that error, with what it
    /// says of what was [sent](Error::sent); one of reqwest keeps its kind. Of the others, tower's
    /// `Elapsed` is [`TimeoutError::Attempt`](crate::TimeoutError::Attempt); its `Overloaded`, and all
    /// from `poll_ready`, are [`Unsent`](crate::DisconnectedError::Unsent); the rest, from `call`, is
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

    /// Asks a source for credentials before each attempt, so that a retry carries today's token: a
    /// [`Bearer`](crate::credentials::Bearer), a closure, or a [`Credentials`] of the program's own. It is asked once more
    /// if the server answers 401, told what was refused, and the request is sent again with what it then
    /// gives: once in a call, whatever its method, as a 401 was not processed. A body that is a stream is not
    /// sent again.
    ///
    /// The header goes to the origin of the base URL, or without a base to the one that the request names,
    /// and never to another that a redirect leads to, whatever
    /// [`forward_credentials`](SessionBuilder::forward_credentials) says. `bearer`, `basic` and an
    /// `Authorization` header of the request come first: then the source is not asked. It takes the place of an
    /// `Authorization` of the session.
    ///
    /// The wait for the source is under the timers of the attempt. If it fails, the call fails as
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials), with its error as the source.
    pub fn credentials(mut self, source: impl Credentials) -> Self {
        self.hooks().source = Some(Arc::new(source));
        self
    }

    /// Calls a hook with each hop of each attempt just before it is sent, with the credentials in it. It may set
    /// headers (a signature, `traceparent`, a request's id), or refuse the request with an error. Of
    /// several, each sees what those before it have set.
    ///
    /// What is set on a hop is on no other. What carries credentials is left out of a hop to another origin;
    /// [`HopRequest::is_own_origin`](crate::HopRequest::is_own_origin) tells the hook of it.
    ///
    /// An error is [`BuildError::Prepare`](crate::BuildError::Prepare) with the hook's as its source, and an
    /// [`Error`] of this crate is that error.
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

    /// Tells an [`Observer`] of the calls of the session. There can be several.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        let hooks = self.hooks();
        let added: Arc<dyn Observer> = Arc::new(observer);
        hooks.observers = hooks.observers.iter().cloned().chain([added]).collect();
        self
    }

    fn hooks(&mut self) -> &mut Hooks {
        Arc::make_mut(&mut self.defaults.hooks)
    }

    /// Puts a tower layer over the session's own clients: a limit, a circuit breaker, a cache. It sees each hop of each
    /// attempt, once for each time that it is sent; redirects, retries, timers and errors stay the session's. It is
    /// applied anew for each runtime, whose requests it then sees all of. Of several layers, the first
    /// that is given is the outermost, as in tower's `ServiceBuilder`, which is a layer too.
    ///
    /// As with [`service`](SessionBuilder::service), the service is cloned for each request; one that is not
    /// `Clone`, such as a `RateLimit`, goes under a `Buffer`.
    ///
    /// An error of a layer says exactly what was [sent](Error::sent): nothing, if the layer did not pass the
    /// request on. tower's `Elapsed` is [`TimeoutError::Attempt`](crate::TimeoutError::Attempt), and every
    /// other refusal [`Unsent`](crate::DisconnectedError::Unsent), with the layer's error as its source.
    /// An [`Error`] of this crate, or one that wraps it, is that error.
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
