//! Sessions: settings that requests share, and the transport that carries them.

mod builder;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use tokio::{runtime::Handle, time::Instant};

pub use self::builder::SessionBuilder;
use crate::{
    continuation::{self, Carrier},
    error::Error,
    exchange::{self, Exchange},
    observe::{Begin, CallWatch},
    plan::{Defaults, Plan},
    request::{Parts, Request},
    response::Response,
    retry,
    transport::Transport,
};

/// Sends requests. It holds the connections, and the defaults of its requests.
///
/// A session is a handle; its clones share the same state. It keeps an HTTP client for each tokio runtime
/// that it is used on, and drops the client with the runtime, so one `static` session serves a program and
/// its parallel tests. The TLS configuration is built once for the process, so a session for a single call
/// costs only microseconds.
///
/// # Defaults
///
/// | what | default | changed by |
/// |---|---|---|
/// | connecting: name resolution, TCP, proxy, TLS | 5 s | [`connect_timeout`](SessionBuilder::connect_timeout) |
/// | waiting for the next bytes of the body | 20 s | [`idle_timeout`](SessionBuilder::idle_timeout) |
/// | one attempt | none | [`attempt_timeout`](SessionBuilder::attempt_timeout) |
/// | the whole call, a buffered body included | 30 s | [`timeout`](SessionBuilder::timeout) |
/// | the body after decompression | 16 MiB | [`max_body`](SessionBuilder::max_body) |
/// | the part of the body that an error keeps | 8 KiB | [`error_body`](SessionBuilder::error_body) |
/// | retries | none | [`retry`](SessionBuilder::retry) |
/// | budget for the retries of an origin | 500 tokens | [`retry_budget`](SessionBuilder::retry_budget) |
/// | redirects followed | 10 | [`max_redirects`](SessionBuilder::max_redirects) |
/// | lifetime of an idle connection | 1.5 s | [`pool_idle_timeout`](SessionBuilder::pool_idle_timeout) |
/// | open connections | no limit | [`max_connections`](SessionBuilder::max_connections), [`max_connections_per_origin`](SessionBuilder::max_connections_per_origin) |
/// | credentials on a redirect to another origin | not sent | [`forward_credentials`](SessionBuilder::forward_credentials) |
/// | a redirect from `https` to `http` | refused | [`allow_downgrade`](SessionBuilder::allow_downgrade) |
/// | `Referer` on a redirect | not sent | [`referer`](SessionBuilder::referer) |
/// | proxies | the system's, with the feature `system-proxy` | [`proxy`](SessionBuilder::proxy), [`no_proxy`](SessionBuilder::no_proxy) |
/// | cookies | off | `cookie_store`, `cookie_jar`, with the feature `cookies` |
///
/// A request can change its own timeouts and limits.
///
/// ```
/// use std::{sync::LazyLock, time::Duration};
/// use backstop::Session;
///
/// static API: LazyLock<Session> = LazyLock::new(|| {
///     Session::builder()
///         .base_url("https://api.example.com/v1")
///         .header("accept-language", "de")
///         .timeout(Duration::from_secs(10))
///         .build()
///         .expect("the base URL and the header are constants")
/// });
/// ```
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    defaults: Defaults,
    transport: Transport,
}

impl Session {
    /// Creates a session with the defaults and its own connections.
    pub fn new() -> Self {
        Self::builder().assume_valid()
    }

    /// Returns the session that all functions without `session = …` share. It has the defaults.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Session> = LazyLock::new(Session::new);
        &SHARED
    }

    /// Starts to build a session with other settings.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::new()
    }

    /// Sends a request and reads its response, when the returned future is awaited.
    ///
    /// # Errors
    ///
    /// Any failure up to the last byte of the body, by [kind](crate::ErrorKind). A status that is not one of
    /// the request's [success statuses](Request::success_statuses) is an error as well. If the future is
    /// dropped, the connection is closed, and the server may have processed the request.
    ///
    /// # Panics
    ///
    /// If the tokio runtime was built without its I/O or time driver (`enable_all`).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), backstop::Error> {
    /// use backstop::{Request, Session};
    ///
    /// let response = Session::shared().fetch(Request::get("https://example.com/")).await?;
    /// println!("{}", response.text()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn fetch(&self, request: Request) -> Exchange {
        Exchange::new(call(self.clone(), request.into_parts()))
    }

    /// A session with a given direct sender, the default settings and no timeout.
    #[cfg(test)]
    pub(crate) fn with_direct(
        direct: crate::direct::Direct,
        layers: crate::transport::Layers,
    ) -> Self {
        use crate::{
            timers::Timeouts,
            transport::{Client, Clients},
        };

        let recipe = move || Ok(Client::Direct(Box::new(direct.clone())));
        let proxies = crate::direct::Proxies::None;
        let clients = Clients::new("Direct", Box::new(recipe), None, proxies, false, layers);
        let transport = Transport::Clients(clients);
        let timeouts = Timeouts { total: None, ..Timeouts::default() };
        let defaults = Defaults { timeouts, ..Defaults::default() };
        Self(Arc::new(Inner { defaults, transport }))
    }

    #[cfg(feature = "testing")]
    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    /// A session with the defaults of this one, whose clients are replaced by a stand-in.
    #[cfg(feature = "testing")]
    pub(crate) fn with_stand_in(&self, make: Box<crate::transport::MakeStandIn>) -> Self {
        use crate::retry::budget::{Budget, CAPACITY};

        let budget = Arc::new(Budget::new(Some(CAPACITY)));
        let transport = Transport::StandIn { make, budget, layers: None };
        Self(Arc::new(Inner { defaults: self.0.defaults.clone(), transport }))
    }
}

async fn call(session: Session, request: Box<Parts>) -> Result<Response, Error> {
    let Inner { defaults, transport } = &*session.0;
    let mut plan = match CallWatch::is_wanted(&defaults.hooks.observers, &request.observer) {
        false => Plan::new(request, defaults, retry::uuid)?,
        true => watched_plan(request, defaults)?,
    };
    if plan.continued {
        // Boxed, as few calls are watched: the future of the others has no room for it.
        return Box::pin(continuation::run(plan, session.0)).await;
    }
    exchange::run(&mut plan, transport).await
}

/// The plan of a watched call. A failure to make it is reported.
fn watched_plan(request: Box<Parts>, defaults: &Defaults) -> Result<Plan, Error> {
    let (method, template) = (request.method.clone(), request.template.clone());
    let (is_handled, observer) = (request.is_handled, request.observer.clone());
    let error = match Plan::new(request, defaults, retry::uuid) {
        Ok(plan) => return Ok(plan),
        Err(error) => error,
    };
    // Without a runtime, tokio has no clock.
    if Handle::try_current().is_err() {
        return Err(error);
    }
    let watch = CallWatch::begin(Begin {
        observers: &defaults.hooks.observers,
        observer,
        method: &method,
        template: &template,
        url: None,
        start: Instant::now(),
        is_handled,
        is_read: false,
    });
    let error = error.with_observed(watch.observed());
    watch.end(Err(&error));
    Err(error)
}

impl Carrier for Inner {
    fn transport(&self) -> &Transport {
        &self.transport
    }
}

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

/// The client is used as it is, on every runtime: if it outlives the runtime on which it opened its
/// connections, requests fail with [`DisconnectedError::Runtime`](crate::DisconnectedError) or hang. Its own
/// redirects, retries and timeouts apply before the session's; to leave them to the session, build it with
/// `redirect::Policy::none()`, `retry::never()` and no timeouts. As the client may have followed a redirect,
/// an error never says that nothing was [sent](crate::Error::sent). The client sets its own
/// `Accept-Encoding`; the session decompresses a body that the client leaves compressed. Do not put
/// credentials into its `default_headers`: reqwest adds those to every hop, whatever its origin.
impl From<reqwest::Client> for Session {
    fn from(client: reqwest::Client) -> Self {
        Self::builder().client(client).assume_valid()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and parts of the base URL may be secret, and are not shown.
        f.debug_struct("Session")
            .field(
                "base_url",
                &self.0.defaults.base.as_ref().map(|url| crate::redact::url(url).to_string()),
            )
            .field("transport", &self.0.transport)
            .finish_non_exhaustive()
    }
}
