//! The sender that asks a script, instead of sending a hop over the network.

use std::{
    borrow::Cow,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Body as _;
use serde::ser::Error as _;
use tokio::time::sleep;
use url::Url;

use super::{
    body::ScriptedBody,
    fault,
    recorded::{Call, Recorded},
    reply::{Reply, What},
    script::Shared,
};
use crate::{
    classify::{NoHead, Resend},
    error::{
        BoxError, BuildError, DisconnectedError, Error, ErrorKind, RedirectError, Sent,
        TimeoutError,
    },
    retry::budget::Budget,
    send_body::SendBody,
    timers::AttemptTimers,
    transport::{Head, Outgoing, ReceivedBody, Sender, StandIn, StandInFuture},
};

/// The sender of one call whose transport is replaced by a script.
pub(super) struct Scripted {
    script: Arc<Shared>,
    beneath: Beneath,
    call: Mutex<State>,
}

/// What the script replaces, which provides the retry budget.
enum Beneath {
    Sender(Box<Sender>),
    Nothing(Arc<Budget>),
}

/// The progress of a call.
#[derive(Default)]
struct State {
    /// The position of the next request.
    next: Call,
    /// The reply of a redirect to its own URL.
    circle: Option<Reply>,
    /// Whether the call was refused before anything was sent.
    is_refused: bool,
}

impl StandIn for Scripted {
    fn begin(&self, template: Cow<'static, str>) {
        self.call().next = Call { template: Some(template), attempt: 1, hop: 0 };
    }

    fn send(self: Arc<Self>, outgoing: Outgoing) -> StandInFuture {
        Box::pin(async move { self.answer(outgoing).await })
    }

    fn budget(&self) -> &Budget {
        match &self.beneath {
            Beneath::Sender(sender) => sender.budget(),
            Beneath::Nothing(budget) => budget,
        }
    }

    /// The next request belongs to the next attempt.
    fn describe(&self, error: Error, timers: &AttemptTimers) -> Error {
        {
            let mut call = self.call();
            let attempt = call.next.attempt + 1;
            call.next = Call { attempt, hop: 0, ..mem::take(&mut call.next) };
            call.circle = None;
        }
        match error.kind() {
            ErrorKind::Timeout(TimeoutError::Idle) => {
                error.or_detail_of(timers.timed_out(TimeoutError::Idle, "the rest of the body"))
            }
            ErrorKind::Timeout(timer) => {
                error.or_detail_of(timers.timed_out(timer, "the head of the response"))
            }
            _ => error,
        }
    }

    fn has_refused(&self) -> bool {
        self.call().is_refused
    }
}

impl Scripted {
    /// For a session that has no transport.
    pub(super) fn new(script: Arc<Shared>, budget: Arc<Budget>) -> Self {
        Self { script, beneath: Beneath::Nothing(budget), call: Mutex::default() }
    }

    /// Replaces a sender.
    pub(super) fn in_place_of(sender: Sender, script: Arc<Shared>) -> Self {
        Self { script, beneath: Beneath::Sender(Box::new(sender)), call: Mutex::default() }
    }

    async fn answer(&self, outgoing: Outgoing) -> Result<Head, NoHead> {
        let is_stream = matches!(outgoing.body, SendBody::Stream(_));
        let (call, circle) = {
            let mut call = self.call();
            let asked = call.next.clone();
            call.next.hop += 1;
            (asked, call.circle.clone())
        };
        let request = record(outgoing, call).await?;
        let reply = match circle {
            Some(reply) => reply,
            None => ask(&self.script, &request).await?,
        };
        match reply.what {
            What::NotTaken => {
                self.call().next.hop -= 1;
                Err(NoHead { resend: Resend::Few, ..fail(UNSENT).await })
            }
            What::Fault(kind) => self.fault(kind, &request, is_stream).await,
            _ => Ok(reply.into_head(&request)),
        }
    }

    async fn fault(
        &self,
        kind: ErrorKind,
        request: &Recorded,
        is_stream: bool,
    ) -> Result<Head, NoHead> {
        let redirect = redirect(kind, request);
        match kind {
            // A stream fails after a part of it was sent.
            ErrorKind::Build(BuildError::Body) if is_stream => {
                let error = Error::new(kind).with_sent(Sent::Maybe);
                return Err(error.with_source("the script makes the body's stream fail").into());
            }
            ErrorKind::Build(_) => self.call().is_refused = true,
            ErrorKind::Redirect(RedirectError::TooMany) => self.call().circle = redirect.clone(),
            // A body that can be sent again would be, so only the error itself can be produced.
            ErrorKind::Redirect(RedirectError::Body) if !is_stream => {
                let error = Error::new(kind).with_status(StatusCode::TEMPORARY_REDIRECT);
                let headers = redirect.map(|reply| reply.head.headers).unwrap_or_default();
                return Err(error.with_headers(headers).into());
            }
            _ => {}
        }
        match redirect {
            Some(redirect) => Ok(redirect.into_head(request)),
            None => Err(fail(kind).await),
        }
    }

    fn call(&self) -> MutexGuard<'_, State> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const UNSENT: ErrorKind = ErrorKind::Disconnected(DisconnectedError::Unsent);

/// Records a request, reading its body to the end.
pub(super) async fn record(outgoing: Outgoing, call: Call) -> Result<Recorded, NoHead> {
    let Outgoing { method, url, mut headers, body } = outgoing;
    complete(&mut headers, &url, &body);
    let body = collect(body).await?;
    Ok(Recorded::new(method, url, headers, body, call))
}

/// Waits for the script's reply. It is neither a closure nor silence.
pub(super) async fn ask(script: &Shared, request: &Recorded) -> Result<Reply, Error> {
    let (delay, reply) = script.reply(request)?.settle(request);
    if !delay.is_zero() {
        sleep(delay).await;
    }
    match reply.what {
        What::Silence => std::future::pending().await,
        _ => Ok(reply),
    }
}

/// The failure of a hop without a head. The hop is not sent again automatically.
pub(super) async fn fail(kind: ErrorKind) -> NoHead {
    let failure = match fault::no_head(kind).await {
        Some(failure) => failure,
        None => match kind {
            ErrorKind::Build(leaf @ BuildError::Body) => {
                let error = serde_json::Error::custom("the script makes it fail");
                Error::build(leaf, "the value cannot be serialized as JSON")
                    .with_source(error)
                    .into()
            }
            ErrorKind::Build(leaf) => {
                Error::build(leaf, "the script refuses the request before it is sent").into()
            }
            kind => Error::new(kind).into(),
        },
    };
    NoHead { resend: Resend::Never, ..failure }
}

/// The redirect response of a redirect fault.
pub(super) fn redirect(kind: ErrorKind, request: &Recorded) -> Option<Reply> {
    let ErrorKind::Redirect(leaf) = kind else { return None };
    Some(match leaf {
        RedirectError::TooMany => Reply::redirect(302, request.url()),
        RedirectError::Location => Reply::status(302),
        RedirectError::Scheme => Reply::redirect(302, "ftp://elsewhere.test/"),
        RedirectError::Body => Reply::redirect(307, request.url()),
    })
}

/// Adds the headers that an HTTP/1.1 client writes itself.
fn complete(headers: &mut HeaderMap, url: &Url, body: &SendBody) {
    headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    if let Ok(host) = HeaderValue::try_from(host) {
        headers.entry(header::HOST).or_insert(host);
    }
    match body {
        SendBody::None => {}
        SendBody::Bytes(bytes) => {
            headers.entry(header::CONTENT_LENGTH).or_insert(bytes.len().into());
        }
        SendBody::Stream(_) if headers.contains_key(header::CONTENT_LENGTH) => {}
        SendBody::Stream(_) => {
            let chunked = HeaderValue::from_static("chunked");
            headers.entry(header::TRANSFER_ENCODING).or_insert(chunked);
        }
    }
}

/// Reads the whole body of a request. A stream that fails is a build error of a request that was partly sent.
async fn collect(mut body: SendBody) -> Result<Bytes, NoHead> {
    if let SendBody::Bytes(bytes) = &mut body {
        return Ok(mem::take(bytes));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        let frame = frame.map_err(|error: BoxError| {
            let error = Error::new(ErrorKind::Build(BuildError::Body)).with_source(error);
            NoHead::from(error.with_sent(Sent::Maybe))
        })?;
        if let Some(data) = frame.data_ref() {
            whole.extend_from_slice(data);
        }
    }
    Ok(whole.freeze())
}

impl Reply {
    fn into_head(self, request: &Recorded) -> Head {
        let response = self.into_response(request);
        Head {
            announced: announced(&response),
            response: response.map(|body| ReceivedBody::StandIn(Box::pin(body))),
            url: None,
        }
    }
}

/// The length that the head declares. In the response to a HEAD it says nothing about the body.
fn announced(response: &http::Response<ScriptedBody>) -> Option<u64> {
    let length = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}
