//! The direct sender: hyper-util's client over a connector of this crate, without reqwest.
//!
//! ```text
//! Direct::send ─► legacy::Client (pool) ─► Connector (limits, connect timeout) ─► TLS ─► Dial (TCP, proxy)
//! ```
//!
//! It knows facts that reqwest does not report: whether a call waits for a connection, which step of
//! connecting failed, and the status with which a proxy refused. Each step fails with a [`Failure`] that is
//! classified where it occurs; later failures are classified by the types of hyper and h2.

mod connecting;
mod connector;
mod dial;
mod failure;
mod http2;
mod limits;
#[cfg(feature = "testing")]
pub(crate) mod memory;
mod pools;
mod proxy;
mod streams;
mod tunnel;
mod wire;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Request, Response, header};
use hyper::{body::Incoming, rt::Executor};
use hyper_util::{
    client::legacy::{self, Client},
    rt::{TokioExecutor, TokioTimer},
};

use self::{
    connector::Connector,
    http2::Servers,
    limits::CloseIdle,
    pools::{ByOrigin, Pools},
};
pub(crate) use self::{
    dial::Resolved,
    failure::Failure,
    limits::MaxConnections,
    proxy::Proxies,
    streams::Streams,
    wire::{NOT_AS_AGREED, NotAsAgreed},
};
use crate::{
    handover::{ConnectionTask, WatchedBody, tick},
    tls::Tls,
};

/// A background task of the client: a connection.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The settings of a direct sender, the same for each runtime.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) pool_idle_timeout: Option<Duration>,
    /// Whether to use HTTP/2 without negotiation.
    pub(crate) http2: bool,
    pub(crate) resolved: Resolved,
    pub(crate) proxies: Proxies,
    pub(crate) tls: Tls,
    pub(crate) max_connections: MaxConnections,
}

/// A pool of connections, and the connector that opens them.
#[derive(Debug, Clone)]
pub(crate) struct Direct {
    pools: Pools,
    proxies: Proxies,
    servers: Servers,
}

impl Direct {
    pub(crate) fn new(recipe: &Recipe) -> Self {
        Self::with_executor(recipe, TokioExecutor::new())
    }

    /// `executor` runs the connections.
    pub(crate) fn with_executor<E>(recipe: &Recipe, executor: E) -> Self
    where
        E: Executor<Task> + Clone + Send + Sync + 'static,
    {
        let Recipe { pool_idle_timeout, proxies, .. } = recipe;
        let mut builder = Client::builder(Counting(executor));
        let servers = Servers::default();
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(*pool_idle_timeout)
            // A folded line is read as one line with spaces (RFC 9112 §5.2).
            .http1_allow_obsolete_multiline_headers_in_responses(true);
        let connector = Connector::new(recipe, servers.clone());
        let pools = pools(builder, connector, recipe.max_connections);
        Self { pools, proxies: proxies.clone(), servers }
    }

    /// Sends one hop, when the returned future is polled.
    pub(crate) fn send(&self, mut request: Request<WatchedBody>) -> Sending {
        let headers = request.headers_mut();
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        // CONNECT has the credentials for the proxy; without a tunnel, the request itself has them.
        if let Some(credentials) = self.proxies.credentials_for_plain(request.uri()) {
            request.headers_mut().entry(header::PROXY_AUTHORIZATION).or_insert(credentials);
        }
        Sending { response: self.pools.request(request), is_connecting: false, given_at: None }
    }

    /// Whether the request may wait in a connection's channel for other requests, which is the case for streams
    /// of HTTP/2.
    pub(crate) fn may_queue(&self, sending: &Sending, origin: &str) -> bool {
        sending.given_at.is_some_and(|given_at| self.servers.have_connection(origin, given_at))
    }
}

/// A pool for all origins, unless idle connections to other origins may have to be closed.
fn pools(builder: legacy::Builder, connector: Connector, max: MaxConnections) -> Pools {
    let Some(limits) = connector.limits().filter(|_| max.total.is_some()).cloned() else {
        return Pools::One(Box::new(builder.build(connector)));
    };
    let pools = Arc::new(ByOrigin::new(builder, connector));
    let weak: Weak<dyn CloseIdle> = Arc::<ByOrigin>::downgrade(&pools);
    limits.set_pools(weak);
    Pools::ByOrigin(pools)
}

/// Has the tasks of connections count the requests that they take.
#[derive(Clone)]
struct Counting<E>(E);

impl<E: Executor<Task>> Executor<Task> for Counting<E> {
    fn execute(&self, task: Task) {
        self.0.execute(Box::pin(ConnectionTask::new(task)));
    }
}

/// A hop that is being sent.
pub(crate) struct Sending {
    response: legacy::ResponseFuture,
    is_connecting: bool,
    /// When the request was given to a connection, by [`tick`].
    given_at: Option<u64>,
}

impl Sending {
    /// Whether the hop waits for a new connection.
    pub(crate) fn is_connecting(&self) -> bool {
        self.is_connecting
    }
}

impl Future for Sending {
    type Output = Result<Response<Incoming>, legacy::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (polled, is_connecting) = connecting::poll(&mut self.response, context);
        self.is_connecting = is_connecting;
        if is_connecting {
            self.given_at = None;
        } else if polled.is_pending() && self.given_at.is_none() {
            self.given_at = Some(tick());
        }
        polled
    }
}
