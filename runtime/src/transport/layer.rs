//! Tower layers over a session's own clients: the types of the service that
//! [`SessionBuilder::layer`](crate::SessionBuilder::layer) wraps.
//!
//! ```text
//! session ─► layer ─► layer ─► SessionService ─► client of the runtime
//! ```
//!
//! A layer that inspects requests or responses names their types:
//!
//! ```
//! use backstop::{Session, layer::RequestBody};
//! use tower::util::MapRequestLayer;
//!
//! let number = MapRequestLayer::new(|mut request: http::Request<RequestBody>| {
//!     request.headers_mut().insert("x-hop", http::HeaderValue::from_static("1"));
//!     request
//! });
//! let session = Session::builder().layer(number).build()?;
//! # Ok::<(), backstop::Error>(())
//! ```

// A layer knows nothing of the session. That a request was passed on, what it waits for, and how much of it was
// sent, the innermost service notes in a `Ticket` that travels in the request's extensions. A stand-in for the
// client, of a test, travels there too.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use super::{Outgoing, ReceivedBody, RuntimeClient, Sender, Sending, Wait};
use crate::{
    classify::{NoHead, Resend},
    error::{BoxError, BuildError, Error, Sent},
    handover::Handover,
    host::is_host,
    send_body::SendBody,
};

/// The body of a request, as the [layers](crate::SessionBuilder::layer) of a session see it.
pub struct RequestBody(SendBody);

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestBody")
    }
}

/// The body of a response, as the [layers](crate::SessionBuilder::layer) of a session see it. A layer that
/// answers by itself, such as a cache, makes one of [`Bytes`].
pub struct ResponseBody {
    pub(super) body: ReceivedBody,
    /// The length that the head declared, before decompression.
    pub(super) announced: Option<u64>,
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        let announced = u64::try_from(bytes.len()).ok();
        Self { body: ReceivedBody::Reqwest(bytes.into()), announced }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.body.poll_data(context).map(|data| data.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

/// The service that a [layer](crate::SessionBuilder::layer) of a session wraps: the session's own client of
/// one runtime, with the inner layers if there are any.
pub struct SessionService(Box<dyn Erased>);

type Answer = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

/// A service with its type erased.
trait Erased: Send {
    fn erased_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>>;
    fn erased_call(&mut self, request: Request<RequestBody>) -> Answer;
    fn boxed_clone(&self) -> Box<dyn Erased>;
}

impl<S> Erased for S
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    fn erased_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Service::poll_ready(self, context).map_err(Into::into)
    }

    fn erased_call(&mut self, request: Request<RequestBody>) -> Answer {
        let answer = Service::call(self, request);
        Box::pin(async move { answer.await.map_err(Into::into) })
    }

    fn boxed_clone(&self) -> Box<dyn Erased> {
        Box::new(self.clone())
    }
}

impl Clone for SessionService {
    fn clone(&self) -> Self {
        Self(self.0.boxed_clone())
    }
}

impl Service<Request<RequestBody>> for SessionService {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.erased_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Answer {
        self.0.erased_call(request)
    }
}

impl fmt::Debug for SessionService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionService")
    }
}

/// The layers of a session, the outermost first. They are applied once for each runtime.
#[derive(Default, Clone)]
pub(crate) struct Layers(Vec<Arc<dyn Fn(SessionService) -> SessionService + Send + Sync>>);

impl Layers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a layer inside the existing ones.
    pub(crate) fn add<L>(&mut self, layer: L)
    where
        L: Layer<SessionService> + Send + Sync + 'static,
        L::Service: Service<Request<RequestBody>, Response = Response<ResponseBody>>
            + Clone
            + Send
            + 'static,
        <L::Service as Service<Request<RequestBody>>>::Error: Into<BoxError>,
        <L::Service as Service<Request<RequestBody>>>::Future: Send + 'static,
    {
        self.0.push(Arc::new(move |inner| SessionService(Box::new(layer.layer(inner)))));
    }

    /// Wraps a client in the layers.
    pub(super) fn over(&self, client: Arc<RuntimeClient>) -> LayeredClient {
        let innermost = SessionService(Box::new(Innermost(Arc::new(Sender::Own(client)))));
        let service = self.0.iter().rev().fold(innermost, |inner, layer| layer(inner));
        LayeredClient(Mutex::new(service))
    }
}

/// A session's client under its layers. The lock makes a service that is only `Send` also `Sync`.
pub(crate) struct LayeredClient(Mutex<SessionService>);

impl LayeredClient {
    /// Sends one hop, when the returned future is polled; through `stand_in`, if given, instead of the
    /// client.
    pub(super) fn send(
        &self,
        outgoing: Outgoing,
        stand_in: Option<Sender>,
    ) -> Result<LayeredSending, Error> {
        let mut request = outgoing.into_http()?.map(RequestBody);
        let ticket = Ticket::default();
        request.extensions_mut().insert(ticket.clone());
        if let Some(stand_in) = stand_in {
            request.extensions_mut().insert(Innermost(Arc::new(stand_in)));
        }
        // tower requires a clone of the service for each request.
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = Box::pin(async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        });
        Ok(LayeredSending { answer, ticket })
    }
}

/// A hop on its way through the layers.
pub(super) struct LayeredSending {
    answer: Answer,
    pub(super) ticket: Ticket,
}

impl Future for LayeredSending {
    type Output = Result<Response<ResponseBody>, BoxError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer.as_mut().poll(context)
    }
}

/// The progress of a request, which does not depend on what the layers report.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ticket(Arc<Progress>);

#[derive(Debug, Default)]
struct Progress {
    /// The maximum of [`Sent`] over every time that the layers passed the request on.
    sent: AtomicU8,
    /// The client's most recent failure.
    failure: Mutex<Option<Failure>>,
    /// The request that was passed on last, until its outcome is known.
    passed: Mutex<Option<Passed>>,
}

/// A request that the layers passed on to the client.
#[derive(Debug)]
struct Passed {
    handover: Handover,
    wait: Wait,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A failure of the session's own client, and whether the hop can be sent again at once.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) resend: Resend,
}

impl Ticket {
    /// How much of the request may have been sent.
    pub(crate) fn sent(&self) -> Sent {
        let pending = match &*lock(&self.0.passed) {
            Some(passed) if !passed.handover.is_unsent() => Sent::Maybe,
            _ => Sent::No,
        };
        self.noted().max(pending)
    }

    /// How much was sent by the requests that ended.
    fn noted(&self) -> Sent {
        match self.0.sent.load(Ordering::Acquire) {
            0 => Sent::No,
            1 => Sent::Maybe,
            _ => Sent::Yes,
        }
    }

    /// What the request waits for. Before a layer passes it on, it waits for a connection. If it was passed
    /// on several times, each of them may still be in flight.
    pub(super) fn wait(&self) -> Wait {
        let passed = lock(&self.0.passed);
        match &*passed {
            _ if self.noted() != Sent::No => Wait::Response,
            None => Wait::Connection,
            Some(passed) if passed.handover.is_taken() => Wait::Response,
            Some(passed) => passed.wait,
        }
    }

    /// The handover of the request to its connection. It is `unused` if no layer passed the request on, or if
    /// an earlier one may have been sent.
    pub(super) fn handover(&self, unused: Handover) -> Handover {
        let passed = lock(&self.0.passed);
        match &*passed {
            _ if self.noted() != Sent::No => unused,
            Some(passed) => passed.handover.clone(),
            None => {
                // Nothing was handed over, which is known without waiting.
                drop(unused.watch(SendBody::None));
                unused
            }
        }
    }

    /// Notes that the request is passed on. An earlier one that has not ended may have been sent.
    fn pass_on(&self, handover: Handover) {
        let before = lock(&self.0.passed).replace(Passed { handover, wait: Wait::Connection });
        if before.is_some_and(|before| !before.handover.is_unsent()) {
            self.note(Sent::Maybe);
        }
        *lock(&self.0.failure) = None;
    }

    fn note_wait(&self, wait: Wait) {
        if let Some(passed) = &mut *lock(&self.0.passed) {
            passed.wait = wait;
        }
    }

    /// Notes that the client is done with the request.
    fn note_done(&self, sent: Sent, failure: Option<Failure>) {
        self.note(sent);
        *lock(&self.0.failure) = failure;
        *lock(&self.0.passed) = None;
    }

    /// The client's failure, if the last request that was passed on failed.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let failure = lock(&self.0.failure).clone()?;
        // A layer may have passed the request on before.
        Some(match failure.error.sent() == Sent::No && self.sent() != Sent::No {
            true => Failure { resend: Resend::Never, ..failure },
            false => failure,
        })
    }

    fn note(&self, sent: Sent) {
        let sent = match sent {
            Sent::No => 0,
            Sent::Maybe => 1,
            Sent::Yes => 2,
        };
        self.0.sent.fetch_max(sent, Ordering::AcqRel);
    }
}

/// The innermost service: the session's own client, or its stand-in.
#[derive(Clone)]
struct Innermost(Arc<Sender>);

impl Service<Request<RequestBody>> for Innermost {
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = InnermostFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> InnermostFuture {
        let ticket = request.extensions().get::<Ticket>().cloned().unwrap_or_default();
        let Self(sender) = request.extensions().get::<Self>().unwrap_or(self).clone();
        let sending = outgoing(request).and_then(|outgoing| {
            let url = outgoing.url.clone();
            Ok((sender.send(outgoing)?, url))
        });
        if let Ok((sending, _)) = &sending {
            ticket.pass_on(sending.handover.clone());
        }
        InnermostFuture { sending: Some(sending), ticket }
    }
}

/// Converts a request that the layers passed on, with the URL that they set.
fn outgoing(request: Request<RequestBody>) -> Result<Outgoing, Error> {
    let (parts, body) = request.into_parts();
    let url = Url::parse(&parts.uri.to_string()).map_err(|error| {
        Error::build(BuildError::Url, "a layer of the session changed it").with_source(error)
    })?;
    if parts.method == Method::CONNECT {
        return Err(Error::build(
            BuildError::Method,
            "a layer of the session set the method CONNECT, which asks for a tunnel",
        ));
    }
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    if !hosts.next().is_none_or(is_host) || hosts.next().is_some() {
        return Err(Error::build(
            BuildError::Header,
            "a layer of the session set a `host` that is not a host, or two of them",
        ));
    }
    let outgoing = Outgoing { method: parts.method, url, headers: parts.headers, body: body.0 };
    for length in outgoing.headers.get_all(header::CONTENT_LENGTH) {
        outgoing.check_length(length)?;
    }
    Ok(outgoing)
}

/// A request that was passed on.
struct InnermostFuture {
    /// None after it has ended.
    sending: Option<Result<(Sending, Url), Error>>,
    ticket: Ticket,
}

impl Future for InnermostFuture {
    type Output = Result<Response<ResponseBody>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.sending {
            Some(Ok((sending, _))) => match Pin::new(sending).poll(context) {
                Poll::Pending => {
                    self.note_wait();
                    return Poll::Pending;
                }
                Poll::Ready(outcome) => outcome,
            },
            _ => match self.sending.take() {
                Some(Err(error)) => Err(error.into()),
                _ => Err(Error::build(
                    BuildError::Session,
                    "a layer polled a future that had completed",
                )
                .into()),
            },
        };
        self.sending = None;
        Poll::Ready(match outcome {
            Ok(head) => {
                self.ticket.note_done(Sent::Yes, None);
                let announced = head.announced;
                Ok(head.response.map(|body| ResponseBody { body, announced }))
            }
            Err(NoHead { error, resend }) => {
                let failure = Failure { error: error.clone(), resend };
                self.ticket.note_done(error.sent(), Some(failure));
                Err(error)
            }
        })
    }
}

impl InnermostFuture {
    fn note_wait(&self) {
        if let Some(Ok((sending, url))) = &self.sending {
            self.ticket.note_wait(sending.wait(url));
        }
    }
}
