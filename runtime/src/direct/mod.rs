//! The direct sender: hyper-util's client over a connector of our own, without reqwest in between.
//!
//! ```text
//! Direct::send ─► legacy::Client (pool) ─► Connector (connect timeout) ─► TLS ─► Dial (TCP, proxy)
//! ```
//!
//! It knows what reqwest does not tell: whether a connection was handed out to a request, which step of
//! connecting failed, and with which status a proxy refused. Each step fails with a [`Failure`] that is
//! classified where it happens; what fails later is classified by the types of hyper and h2.

mod connector;
mod dial;
mod failure;
#[cfg(feature = "testing")]
pub(crate) mod memory;
mod proxy;
mod tunnel;
mod wire;

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{
        self, Client,
        connect::{CaptureConnection, capture_connection},
    },
    rt::{TokioExecutor, TokioTimer},
};

use self::connector::Connector;
pub(crate) use self::{
    failure::Failure,
    proxy::Proxies,
    wire::{NOT_AS_AGREED, NotAsAgreed},
};
use crate::{send_body::SendBody, tls::Tls};

/// What a direct sender is made of, for each runtime alike.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) pool_idle_timeout: Option<Duration>,
    /// Whether to speak HTTP/2 without asking.
    pub(crate) http2: bool,
    pub(crate) proxies: Proxies,
    pub(crate) tls: Tls,
}

/// A pool of connections, and what opens them.
#[derive(Debug, Clone)]
pub(crate) struct Direct {
    client: Client<Connector, SendBody>,
    proxies: Proxies,
}

impl Direct {
    pub(crate) fn new(recipe: &Recipe) -> Self {
        let Recipe { pool_idle_timeout, proxies, .. } = recipe;
        let mut builder = Client::builder(TokioExecutor::new());
        #[cfg(feature = "http2")]
        builder.http2_only(recipe.http2);
        let client = builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(*pool_idle_timeout)
            // A folded line is one with spaces (RFC 9112 §5.2).
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build(Connector::new(recipe));
        Self { client, proxies: proxies.clone() }
    }

    /// Sends one hop, when the returned future is polled.
    pub(crate) fn send(&self, mut request: Request<SendBody>) -> Sending {
        let headers = request.headers_mut();
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        // A tunnel is asked for with the credentials; without one, the request itself carries them.
        if let Some(credentials) = self.proxies.credentials_for_plain(request.uri()) {
            request.headers_mut().entry(header::PROXY_AUTHORIZATION).or_insert(credentials);
        }
        let captured = capture_connection(&mut request);
        Sending { response: self.client.request(request), captured }
    }
}

/// A hop on its way.
pub(crate) struct Sending {
    response: legacy::ResponseFuture,
    captured: CaptureConnection,
}

impl Sending {
    /// Whether a connection was handed out for the request. Before that, not a byte of it was sent.
    pub(crate) fn has_connection(&self) -> bool {
        self.captured.connection_metadata().is_some()
    }
}

impl Future for Sending {
    type Output = Result<Response<Incoming>, legacy::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.response).poll(context)
    }
}
