//! What carries a request: reqwest's client, or a service that stands in for it.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderValue, header};
use tokio::runtime::Handle;
use tower_service::Service;

use super::clients::{Clients, Local};
use crate::{
    classify,
    error::{BoxError, BuildError, Error, Sent},
    retry::budget::Budget,
};

/// What a session sends with.
pub(crate) enum Transport {
    /// Clients of the session's own.
    Clients(Clients),
    /// The user's client, on whichever runtime.
    Client(Arc<Local>),
    /// The user's stack of middleware.
    Service(Arc<Served>),
}

/// What one call sends its hops with.
pub(crate) enum Sender {
    Own(Arc<Local>),
    Foreign(Arc<Local>),
    Service(Arc<Served>),
}

pub(crate) fn no_runtime() -> Error {
    Error::build(BuildError::Session, "there is no tokio runtime here: await the call in one")
}

impl Transport {
    pub(crate) fn sender(&self) -> Result<Sender, Error> {
        let Ok(runtime) = Handle::try_current() else { return Err(no_runtime()) };
        Ok(match self {
            Self::Clients(clients) => Sender::Own(clients.of(&runtime)?),
            Self::Client(client) => Sender::Foreign(Arc::clone(client)),
            Self::Service(service) => Sender::Service(Arc::clone(service)),
        })
    }
}

impl Sender {
    /// Whether it is the session's own client, and no client or stack of the user's.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    pub(crate) fn budget(&self) -> &Budget {
        match self {
            Self::Own(local) | Self::Foreign(local) => &local.budget,
            Self::Service(service) => &service.budget,
        }
    }

    /// Sends one hop, and waits for the head of its response.
    pub(crate) fn send(
        &self,
        mut request: reqwest::Request,
    ) -> impl Future<Output = Result<reqwest::Response, Error>> + Send + use<> {
        let https = request.url().scheme() == "https";
        // The request is large: it is handed on before there is a future that would hold it.
        let sending = match self {
            Self::Own(local) => Sending::Client(local.client.execute(request), Sent::No),
            // It may have followed a redirect, and then the error is that of a later hop.
            Self::Foreign(local) => Sending::Client(local.client.execute(request), Sent::Maybe),
            Self::Service(service) => {
                // A client of reqwest's does so itself.
                let anything = HeaderValue::from_static("*/*");
                request.headers_mut().entry(header::ACCEPT).or_insert(anything);
                Sending::Service(service.stack.send(request))
            }
        };
        async move {
            match sending {
                Sending::Client(response, at_least) => response
                    .await
                    .map_err(|error| classify::head(error, https).sent_at_least(at_least)),
                Sending::Service(response) => response.await.map_err(|refused| match refused {
                    Refused::NotReady(error) => classify::unsent(error),
                    Refused::Failed(error) => {
                        classify::service(error, https).sent_at_least(Sent::Maybe)
                    }
                }),
            }
        }
    }
}

/// A hop on its way: by a client, whose errors then say that so much was sent at least, or by a stack.
enum Sending<F> {
    Client(F, Sent),
    Service(Answering),
}

/// The user's stack, and the budget of its retries.
pub(crate) struct Served {
    pub(crate) stack: Box<dyn Stack>,
    pub(crate) budget: Budget,
}

/// A tower service of requests, with its types erased.
pub(crate) trait Stack: Send + Sync {
    fn send(&self, request: reqwest::Request) -> Answering;
}

pub(crate) type Answering =
    Pin<Box<dyn Future<Output = Result<reqwest::Response, Refused>> + Send>>;

/// Where a service gave up.
pub(crate) enum Refused {
    /// Before it took the request.
    NotReady(BoxError),
    Failed(BoxError),
}

/// A clone for each request, as tower asks for; the lock makes a service that is only `Send` do.
pub(crate) struct Cloned<S>(pub(crate) Mutex<S>);

impl<S> Stack for Cloned<S>
where
    S: Service<reqwest::Request, Response = reqwest::Response> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn send(&self, request: reqwest::Request) -> Answering {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            poll_fn(|context| service.poll_ready(context))
                .await
                .map_err(|error| Refused::NotReady(error.into()))?;
            service.call(request).await.map_err(|error| Refused::Failed(error.into()))
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clients(clients) => clients.fmt(f),
            // A client prints its default headers.
            Self::Client(_) => f.write_str("Client"),
            Self::Service(_) => f.write_str("Service"),
        }
    }
}
