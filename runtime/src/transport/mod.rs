//! Sends a hop and waits for the head of its response: by the direct sender, by reqwest's client, or by a
//! tower service.

mod body;
mod clients;
pub mod layer;
mod proxies;
#[cfg(feature = "testing")]
mod stand_in;

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use http::{HeaderMap, HeaderValue, Method, header};
use http_body::Body as _;
use tokio::runtime::Handle;
use tower_service::Service;
use url::{Position, Url};

pub use self::proxies::Proxy;
#[cfg(feature = "testing")]
pub(crate) use self::stand_in::{
    MakeStandIn, Scope, StandIn, StandInBody, StandInFuture, current_scope, scope,
};
pub(crate) use self::{
    body::{ReceivedBody, cut_short},
    clients::{Clients, Recipe, RuntimeClient},
    layer::{LayeredClient, Layers},
    proxies::Proxies,
};
use self::{
    layer::{LayeredSending, ResponseBody},
    proxies::check_system,
};
#[cfg(feature = "testing")]
use crate::timers::AttemptTimers;
use crate::{
    classify::{self, Known, NoHead},
    direct,
    error::{BoxError, BuildError, Error, Sent},
    handover::{Handover, Withdrawn},
    retry::budget::Budget,
    send_body::SendBody,
};

/// How a session sends its requests.
pub(crate) enum Transport {
    /// With clients that the session builds.
    Clients(Clients),
    /// With the user's client, on all runtimes.
    Client(Arc<RuntimeClient>),
    /// With the user's tower service.
    Service(Arc<ServiceTransport>),
    /// With a stand-in, under the layers of the session if it has any.
    #[cfg(feature = "testing")]
    StandIn { make: Box<MakeStandIn>, budget: Arc<Budget>, layers: Option<Clients> },
}

/// The sender of one call, chosen for its runtime.
pub(crate) enum Sender {
    Own(Arc<RuntimeClient>),
    Foreign(Arc<RuntimeClient>),
    Service(Arc<ServiceTransport>),
    /// A stand-in for the client, under the client's layers.
    #[cfg(feature = "testing")]
    StandIn(Arc<dyn StandIn>, Option<Arc<RuntimeClient>>),
}

/// A client that the session built or was given.
pub(crate) enum Client {
    Direct(Box<direct::Direct>),
    Reqwest(reqwest::Client),
    /// One of the others with the user's layers over it.
    Layered(LayeredClient),
    /// No client, because a stand-in replaces it.
    #[cfg(feature = "testing")]
    Missing,
}

/// The request of one hop.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: SendBody,
}

/// The head of a response, with its body still to be read.
pub(crate) struct Head {
    pub(crate) response: http::Response<ReceivedBody>,
    /// The length of the body that the head declares, before decompression.
    pub(crate) announced: Option<u64>,
    /// The URL of the response, if the client may have followed redirects itself.
    pub(crate) url: Option<Url>,
}

impl Transport {
    pub(crate) fn sender(&self) -> Result<Sender, Error> {
        let Ok(runtime) = Handle::try_current() else { return Err(Error::no_runtime()) };
        Ok(match self {
            Self::Clients(clients) => Sender::Own(clients.for_runtime(&runtime)?),
            Self::Client(client) => Sender::Foreign(Arc::clone(client)),
            Self::Service(service) => Sender::Service(Arc::clone(service)),
            #[cfg(feature = "testing")]
            Self::StandIn { make, budget, layers } => {
                let layers =
                    layers.as_ref().map(|layers| layers.for_runtime(&runtime)).transpose()?;
                Sender::StandIn(make(Arc::clone(budget)), layers)
            }
        })
    }
}

impl Sender {
    /// Whether it is a client that the session built.
    pub(crate) fn is_own(&self) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Foreign(_) | Self::Service(_) => false,
            #[cfg(feature = "testing")]
            Self::StandIn(..) => true,
        }
    }

    /// The client, if there are layers over it.
    #[cfg(feature = "testing")]
    pub(crate) fn layers(&self) -> Option<Arc<RuntimeClient>> {
        match self {
            Self::Own(local) if matches!(local.client, Client::Layered(_)) => {
                Some(Arc::clone(local))
            }
            Self::StandIn(_, layers) => layers.clone(),
            _ => None,
        }
    }

    /// Completes the error of an attempt. A stand-in adds what a client would know of the call's timers.
    #[cfg(feature = "testing")]
    pub(crate) fn describe(&self, error: Error, timers: &AttemptTimers) -> Error {
        match self {
            Self::StandIn(stand_in, _) => stand_in.describe(error, timers),
            _ => error,
        }
    }

    /// Whether a stand-in refused the call before its first attempt.
    #[cfg(feature = "testing")]
    pub(crate) fn has_refused(&self) -> bool {
        matches!(self, Self::StandIn(stand_in, _) if stand_in.has_refused())
    }

    pub(crate) fn budget(&self) -> &Budget {
        match self {
            Self::Own(local) | Self::Foreign(local) => &local.budget,
            Self::Service(service) => &service.budget,
            #[cfg(feature = "testing")]
            Self::StandIn(stand_in, _) => stand_in.budget(),
        }
    }

    /// Sends one hop, and waits for the head of its response.
    pub(crate) fn send(&self, outgoing: Outgoing) -> Result<Sending, Error> {
        if let Self::Own(local) = self
            && local.system_proxies
        {
            check_system(&outgoing.url)?;
        }
        let https = outgoing.url.scheme() == "https";
        let handover = Handover::default();
        let in_flight = match self {
            Self::Own(local) | Self::Foreign(local) => match &local.client {
                Client::Direct(direct) => InFlight::Direct(
                    direct.send(outgoing.into_http()?.map(|body| handover.watch(body))),
                ),
                Client::Reqwest(client) => {
                    let body = |body| match self.is_own() {
                        true => Some(reqwest::Body::wrap(handover.watch(body))),
                        // The client may follow redirects, for which it copies the request if it can.
                        false => body.into_reqwest(),
                    };
                    InFlight::Reqwest((&mut &*client).call(outgoing.into_reqwest(body)))
                }
                Client::Layered(client) => InFlight::Layered(client.send(outgoing, None)?),
                #[cfg(feature = "testing")]
                Client::Missing => {
                    return Err(Error::build(
                        BuildError::Session,
                        "the session has no client of its own",
                    ));
                }
            },
            Self::Service(service) => {
                let mut request = outgoing.into_reqwest(SendBody::into_reqwest);
                // reqwest's client adds the header itself.
                let anything = HeaderValue::from_static("*/*");
                request.headers_mut().entry(header::ACCEPT).or_insert(anything);
                InFlight::Service(service.stack.send(request))
            }
            #[cfg(feature = "testing")]
            Self::StandIn(stand_in, layers) => match layers.as_deref().map(|local| &local.client) {
                Some(Client::Layered(client)) => {
                    let innermost = Self::StandIn(Arc::clone(stand_in), None);
                    InFlight::Layered(client.send(outgoing, Some(innermost))?)
                }
                _ => InFlight::StandIn(Arc::clone(stand_in).send(outgoing)),
            },
        };
        // If the user's client followed a redirect, the error belongs to a later hop.
        let own = match self {
            Self::Own(local) => Some(Arc::clone(local)),
            Self::Foreign(_) | Self::Service(_) => None,
            #[cfg(feature = "testing")]
            Self::StandIn(..) => None,
        };
        Ok(Sending { in_flight, https, own, handover })
    }
}

impl Outgoing {
    /// Refuses a `Content-Length` that differs from the body's length. A hook or a layer may have set it
    /// after the plan was checked. The length of a stream is checked while it is sent.
    pub(crate) fn check_length(&self, length: &HeaderValue) -> Result<(), Error> {
        let is_right = match &self.body {
            SendBody::None => length == "0",
            SendBody::Bytes(bytes) => length == bytes.len().to_string().as_str(),
            SendBody::Stream(_) => self.headers.get(header::CONTENT_LENGTH) == Some(length),
        };
        match is_right {
            true => Ok(()),
            false => Err(Error::build(
                BuildError::Header,
                "`content-length` is not the length of the body: leave it out",
            )),
        }
    }

    fn into_http(self) -> Result<http::Request<SendBody>, Error> {
        let Self { method, url, headers, body } = self;
        let uri = http::Uri::try_from(String::from(url)).map_err(|error| {
            Error::build(BuildError::Url, "the URL cannot be requested").with_source(error)
        })?;
        let mut request = http::Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn into_reqwest(
        self,
        into_body: impl FnOnce(SendBody) -> Option<reqwest::Body>,
    ) -> reqwest::Request {
        let Self { method, url, headers, body } = self;
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = into_body(body);
        request
    }
}

/// A hop that is being sent.
pub(crate) struct Sending {
    in_flight: InFlight,
    https: bool,
    /// The client, if the session built it.
    own: Option<Arc<RuntimeClient>>,
    /// The handover of the request's body, if the session's own client sends it.
    handover: Handover,
}

enum InFlight {
    Direct(direct::Sending),
    Reqwest(<reqwest::Client as Service<reqwest::Request>>::Future),
    Layered(LayeredSending),
    Service(ResponseFuture),
    #[cfg(feature = "testing")]
    StandIn(StandInFuture),
}

/// What a hop waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A connection, or a stream on one.
    Connection,
    /// The connection's task, which was given the request.
    Handover,
    /// The request may have been written.
    Response,
}

impl RuntimeClient {
    /// Whether the client's runtime is the current one, which therefore still runs.
    fn is_alive(&self) -> bool {
        Handle::try_current().ok().map(|handle| handle.id()) == self.runtime
    }
}

impl Sending {
    /// What the hop waits for, as far as the client tells. Input: the URL that it is sent to.
    pub(crate) fn wait(&self, url: &Url) -> Wait {
        match (&self.in_flight, self.own.as_deref()) {
            (InFlight::Layered(sending), _) => sending.ticket.wait(),
            _ if self.handover.is_taken() => Wait::Response,
            (InFlight::Direct(sending), _) if sending.is_connecting() => Wait::Connection,
            (
                InFlight::Direct(sending),
                Some(RuntimeClient { client: Client::Direct(direct), .. }),
            ) => {
                if direct.may_queue(sending, &url[..Position::BeforePath]) {
                    Wait::Connection
                } else {
                    Wait::Handover
                }
            }
            _ => Wait::Response,
        }
    }

    /// Withdraws the hop.
    pub(crate) fn withdraw(self) -> Withdrawn {
        match self.in_flight {
            InFlight::Layered(sending) => {
                let ticket = sending.ticket.clone();
                // The layers drop the request, or have passed it on irrevocably.
                drop(sending);
                ticket.handover(self.handover).withdraw(())
            }
            in_flight => self.handover.withdraw(in_flight),
        }
    }
}

impl Future for Sending {
    type Output = Result<Head, NoHead>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { in_flight, https, own, handover } = &mut *self;
        let known = || Known {
            is_unsent: handover.is_unsent(),
            taken_at: handover.taken_at(),
            is_newest: handover.is_newest(),
            is_alive: own.as_ref().is_some_and(|local| local.is_alive()),
        };
        let head = match in_flight {
            InFlight::Direct(sending) => match ready!(Pin::new(sending).poll(context)) {
                Ok(response) => Ok(Head::from_hyper(response)),
                Err(error) => Err(classify::direct(error, known())),
            },
            InFlight::Reqwest(response) => match (ready!(Pin::new(response).poll(context)), &own) {
                (Ok(response), own) => Ok(Head::from_reqwest(response, own.is_none())),
                (Err(error), Some(local)) => {
                    Err(classify::head(error, *https, known(), &local.proxies))
                }
                (Err(error), None) => {
                    Err(classify::head(error, *https, known(), &direct::Proxies::None)
                        .sent_at_least(Sent::Maybe))
                }
            },
            InFlight::Layered(sending) => match ready!(Pin::new(&mut *sending).poll(context)) {
                Ok(response) => Ok(Head::from_layers(response)),
                Err(error) => {
                    let ticket = &sending.ticket;
                    let failure = ticket
                        .failure()
                        .map(|layer::Failure { error, resend }| NoHead { error, resend });
                    Err(classify::layered(error, ticket.sent(), failure))
                }
            },
            InFlight::Service(answer) => match ready!(answer.as_mut().poll(context)) {
                Ok(response) => Ok(Head::from_reqwest(response, true)),
                Err(ServiceError::NotReady(error)) => Err(classify::unsent(error).into()),
                Err(ServiceError::Failed(error)) => Err(classify::service(error, *https)),
            },
            #[cfg(feature = "testing")]
            InFlight::StandIn(answer) => ready!(answer.as_mut().poll(context)),
        };
        Poll::Ready(head)
    }
}

impl Head {
    fn from_hyper(response: http::Response<hyper::body::Incoming>) -> Self {
        let is_http2 = response.version() == http::Version::HTTP_2;
        let announced = response.body().size_hint().exact();
        let response = response.map(|body| ReceivedBody::Direct { body, is_http2 });
        Self { response, announced, url: None }
    }

    fn from_layers(response: http::Response<ResponseBody>) -> Self {
        let announced = response.body().announced;
        Self { response: response.map(|body| body.body), announced, url: None }
    }

    /// The head has the URL of the response if the user's client may have followed redirects.
    fn from_reqwest(response: reqwest::Response, may_have_redirected: bool) -> Self {
        let announced = response.content_length();
        let url = may_have_redirected.then(|| response.url().clone());
        let response = http::Response::from(response).map(ReceivedBody::Reqwest);
        Self { response, announced, url }
    }
}

/// The user's tower service, and its retry budget.
pub(crate) struct ServiceTransport {
    pub(crate) stack: Box<dyn ErasedService>,
    pub(crate) budget: Budget,
}

/// A tower service with its type erased.
pub(crate) trait ErasedService: Send + Sync {
    fn send(&self, request: reqwest::Request) -> ResponseFuture;
}

pub(crate) type ResponseFuture =
    Pin<Box<dyn Future<Output = Result<reqwest::Response, ServiceError>> + Send>>;

/// The error of a tower service, by the method that returned it.
pub(crate) enum ServiceError {
    /// By `poll_ready`, before it took the request.
    NotReady(BoxError),
    /// By the future of `call`.
    Failed(BoxError),
}

/// Clones the service for each request, as tower requires. The lock makes a service that is only `Send` also
/// `Sync`.
pub(crate) struct CloneService<S>(pub(crate) Mutex<S>);

impl<S> ErasedService for CloneService<S>
where
    S: Service<reqwest::Request, Response = reqwest::Response> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    fn send(&self, request: reqwest::Request) -> ResponseFuture {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::pin(async move {
            poll_fn(|context| service.poll_ready(context))
                .await
                .map_err(|error| ServiceError::NotReady(error.into()))?;
            service.call(request).await.map_err(|error| ServiceError::Failed(error.into()))
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clients(clients) => clients.fmt(f),
            // `Debug` of a client prints its default headers, which may be secret.
            Self::Client(_) => f.write_str("Client"),
            Self::Service(_) => f.write_str("Service"),
            #[cfg(feature = "testing")]
            Self::StandIn { .. } => f.write_str("StandIn"),
        }
    }
}
