//! The connector of the direct sender: name resolution, TCP, proxy and TLS, under one timeout.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper_util::{client::legacy::connect::Connection as _, rt::TokioIo};
use tokio::time::Instant;
use tower_service::Service;

use super::{
    Recipe,
    connecting::{Connecting, WhileCalled},
    dial::{Dial, Link},
    failure::Failure,
    http2::{Servers, Turn},
    limits::{Limits, Permits},
    wire::Wire,
};
use crate::tls::Tls;

/// Opens the connections of a pool.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    dial: Dial,
    timeout: Option<Duration>,
    http2: bool,
    servers: Servers,
    tls: Tls,
    /// None without a limit of connections.
    limits: Option<Arc<Limits>>,
}

impl Connector {
    pub(super) fn new(recipe: &Recipe, servers: Servers) -> Self {
        let Recipe { connect_timeout: timeout, http2, resolved, proxies, tls, .. } = recipe.clone();
        let max = recipe.max_connections;
        Self {
            dial: Dial::new(resolved, proxies, tls.clone()),
            timeout,
            http2,
            servers,
            tls,
            limits: (!max.is_none()).then(|| Arc::new(Limits::new(max))),
        }
    }

    pub(super) fn limits(&self) -> Option<&Arc<Limits>> {
        self.limits.as_ref()
    }

    /// Connects within the timeout. The connection keeps the permits, and the turn until it is in the pool.
    /// `waited` is the part of the timeout that the wait for the turn took.
    async fn open(
        self,
        server: Uri,
        permits: Permits,
        turn: Option<Turn>,
        waited: Duration,
    ) -> Result<TokioIo<Wire<Link>>, Failure> {
        let connected = self.reach(&server, waited).await;
        let http2 = match &connected {
            Ok(link) if self.http2 || link.connected().is_negotiated_h2() => {
                Some(self.servers.connected(&server, turn))
            }
            _ => {
                if let Some(turn) = turn {
                    turn.failed();
                }
                None
            }
        };
        Ok(Wire::over(connected?, http2, permits))
    }

    /// Connects to the server, or to its proxy, in the time that is left.
    async fn reach(&self, server: &Uri, waited: Duration) -> Result<Link, Failure> {
        let Self { dial, tls, .. } = self;
        let Some(timeout) = self.timeout else {
            return connect(Watched::new(dial.clone()), server.clone(), tls).await;
        };
        let watched = Watched::new(dial.clone());
        let is_linked = Arc::clone(&watched.is_linked);
        let connecting = connect(watched, server.clone(), tls);
        match tokio::time::timeout(timeout.saturating_sub(waited), connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(Failure::timed_out(match is_linked.load(Ordering::Relaxed) {
                true => format!("the TLS handshake did not end within {timeout:?}"),
                false => format!("{} was not reached within {timeout:?}", dial.names(server)),
            })),
        }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wire<Link>>;
    type Error = Failure;
    type Future = Connecting<Result<TokioIo<Wire<Link>>, Failure>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let connector = self.clone();
        let turns = self.servers.turns(&server, self.http2);
        if turns.is_none() && self.limits.is_none() {
            return Connecting::new(connector.open(
                server,
                Permits::default(),
                None,
                Duration::ZERO,
            ));
        }
        Connecting::new(async move {
            let start = Instant::now();
            let turn = match turns {
                None => None,
                Some(turns) => {
                    let turn = Box::pin(turns.turn(connector.timeout));
                    let Some(turn) = WhileCalled(turn).await else {
                        return Err(Failure::not_wanted());
                    };
                    turn
                }
            };
            let waited = start.elapsed();
            // The connect timeout does not include the wait for a permit.
            let permits = match connector.limits.clone() {
                None => Permits::default(),
                Some(limits) => match WhileCalled(Box::pin(limits.acquire(&server))).await {
                    Some(permits) => permits,
                    None => return Err(Failure::not_wanted()),
                },
            };
            connector.open(server, permits, turn, waited).await
        })
    }
}

async fn connect(mut dial: Watched, server: Uri, tls: &Tls) -> Result<Link, Failure> {
    match server.scheme() == Some(&Scheme::HTTPS) {
        // Boxed, so that a connection without TLS has no room for the handshake.
        true => Box::pin(secured(dial, server, tls)).await,
        false => dial.call(server).await,
    }
}

#[cfg(feature = "rustls")]
async fn secured(dial: Watched, server: Uri, tls: &Tls) -> Result<Link, Failure> {
    use hyper_rustls::HttpsConnector;

    use super::failure::tls_failure;
    use crate::error::{BoxError, ConnectError};

    let config = tls.to_servers().map_err(|error| {
        Failure::new(ConnectError::Certificate, error)
            .with_detail("there is no certificate store to verify it with")
    })?;
    let failed = |error: BoxError| match error.downcast::<Failure>() {
        Ok(failure) => *failure,
        Err(error) => tls_failure(error),
    };
    HttpsConnector::from((dial, config)).call(server).await.map(Link::over_tls).map_err(failed)
}

#[cfg(not(feature = "rustls"))]
async fn secured(_: Watched, _: Uri, _: &Tls) -> Result<Link, Failure> {
    Err(Failure::no_tls())
}

/// A dialer that notes when it has reached the server, so that a timeout can name the TLS handshake.
#[derive(Clone)]
struct Watched {
    dial: Dial,
    is_linked: Arc<AtomicBool>,
}

impl Watched {
    fn new(dial: Dial) -> Self {
        Self { dial, is_linked: Arc::default() }
    }
}

impl Service<Uri> for Watched {
    type Response = Link;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Link, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let dialing = self.dial.call(server);
        let is_linked = Arc::clone(&self.is_linked);
        Box::pin(async move {
            let link = dialing.await?;
            is_linked.store(true, Ordering::Relaxed);
            Ok(link)
        })
    }
}
