//! One attempt: the hops from the first URL to the response that is no redirect, and its body.

use std::pin::Pin;

use http::{HeaderValue, Method, header};
use tokio::time::Instant;
use url::Url;

use super::hop::{Follow, Hop};
use crate::{
    classify::{NoHead, Resend},
    error::{Error, ErrorKind, Sent},
    request::{Content, Parts},
    response::{self, Body, BodyStream, Payload, Received, request_codings},
    retry::decision::is_idempotent,
    send_body::SendBody,
    session::Config,
    timers::AttemptTimers,
    transport::{Head, Outgoing, ReceivedBody, Sender},
};

pub(super) struct Attempt<'a> {
    config: &'a Config,
    sender: &'a Sender,
    parts: &'a mut Parts,
    timers: AttemptTimers,
    /// The hop that it is at.
    hop: Hop,
}

/// Why an attempt failed, and in which hop.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) hop: u32,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        config: &'a Config,
        sender: &'a Sender,
        parts: &'a mut Parts,
        timers: AttemptTimers,
        hop: Hop,
    ) -> Self {
        Self { config, sender, parts, timers, hop }
    }

    /// Input: what [`run`](Attempt::run) ended with. Output: the same, with what the last hop knows.
    pub(super) fn end(self, outcome: Result<Received, Error>) -> Result<(Received, Url), Failed> {
        match outcome {
            Ok(received) => Ok((received, self.hop.url)),
            Err(error) => Err(self.hop.failed(error)),
        }
    }

    /// Goes from hop to hop, and reads the response of the last.
    pub(super) async fn run(&mut self) -> Result<Received, Error> {
        let mut payload = loop {
            let head = self.send().await?;
            match self.redirect(&head.response)? {
                Some(follow) => self.hop.follow(follow, self.config, Instant::now()),
                None => break Payload::new(head, &self.hop.method),
            }
        };
        let limit = self.parts.max_body;
        if !self.parts.is_success(payload.status()) {
            let limit = self.parts.error_body(self.config);
            Err(response::status_error(&mut payload, &self.timers, limit).await)
        } else if self.parts.streaming {
            let timers = self.timers.idle_only();
            Ok(payload.received(|payload| Body::Open(BodyStream::new(payload, timers, limit))))
        } else {
            let limit = limit.unwrap_or(self.config.max_body);
            match response::whole(&mut payload, &self.timers, limit).await {
                Ok(body) => Ok(payload.received(|_| Body::Whole(body))),
                Err(error) => Err(payload.failed(error)),
            }
        }
    }

    /// Sends one hop, and waits for the head of its response. What was certainly not taken is sent again
    /// at once: a pool hands out connections, and streams on them, that the server is about to close.
    async fn send(&mut self) -> Result<Head, Error> {
        let mut resends = 0;
        loop {
            let NoHead { error, resend } = match self.send_once().await {
                Ok(head) => return Ok(head),
                Err(no_head) => no_head,
            };
            let most = match resend {
                Resend::Always(most) => most,
                Resend::IfIdempotent if is_idempotent(&self.hop.method) => 1,
                Resend::IfIdempotent | Resend::Never => 0,
            };
            if resends >= most || !self.parts.body.is_replayable() {
                return Err(error);
            }
            resends += 1;
        }
    }

    async fn send_once(&mut self) -> Result<Head, NoHead> {
        // A timeout looks at the clock after it has polled what it bounds: too late not to send.
        if let Some(timer) = self.timers.passed_at(self.hop.start) {
            return Err(Error::unsent(ErrorKind::Timeout(timer)).into());
        }
        let request = self.request()?;
        let mut sending = self.sender.send(request)?;
        match self.timers.head(Pin::new(&mut sending)).await {
            Ok(Ok(head)) => {
                if let Some(url) = &head.url {
                    self.hop.answered_by(url, self.config);
                }
                framed(head).map_err(NoHead::from)
            }
            Ok(Err(no_head)) => Err(no_head),
            Err(timer) => {
                let (wait, sent) = match sending.is_connecting() {
                    true => ("a connection", Sent::No),
                    false => ("the head of the response", Sent::Maybe),
                };
                Err(self.timers.timed_out(timer, wait).with_sent(sent).into())
            }
        }
    }

    /// The request of this hop.
    fn request(&mut self) -> Result<Outgoing, Error> {
        let Self { hop, parts, config, sender, .. } = self;
        let mut headers = hop.headers(parts, config)?;
        // What a client of the user's, or a stack, asks for is theirs.
        if sender.is_own() {
            request_codings(&mut headers);
        }
        let mut body = SendBody::None;
        if hop.keeps_body() {
            let announced = headers.get(header::CONTENT_LENGTH);
            let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
            body = parts.body.take(announced);
        }
        if matches!(body, SendBody::None) && expects_body(&hop.method) {
            headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
        }
        Ok(Outgoing { method: hop.method.clone(), url: hop.url.clone(), headers, body })
    }

    /// The hop that a response leads to, unless it is what was asked for.
    fn redirect(&self, response: &http::Response<ReceivedBody>) -> Result<Option<Follow>, Error> {
        let (status, headers) = (response.status(), response.headers());
        if self.parts.is_success(status) {
            return Ok(None);
        }
        let is_consumed = matches!(self.parts.body, Content::Consumed);
        self.hop
            .redirect(status, headers, is_consumed, self.config)
            .map_err(|error| error.with_status(status).with_headers(headers.clone()))
    }
}

/// A response whose body ends where its head says. One in a transfer coding that is not undone, as
/// nobody asked for it, or with two lengths, is not HTTP that can be read (RFC 9112 §6.1, §6.3):
/// hyper would hand out the coded bytes, or take one length for the other.
fn framed(head: Head) -> Result<Head, Error> {
    let headers = head.response.headers();
    if !headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(head);
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let detail = match (is_chunked, headers.contains_key(header::CONTENT_LENGTH)) {
        (true, false) => return Ok(head),
        (true, true) => "it has both a length and chunks",
        (false, _) => "its body is in a transfer coding that nobody asked for",
    };
    Err(Error::new(ErrorKind::Protocol).with_sent(Sent::Yes).with_detail(detail))
}

/// Methods whose requests say that they have no body (RFC 9110 §8.6).
fn expects_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

impl Hop {
    /// Adds what the hop knows to an error of one of its stages. When an earlier hop was answered,
    /// the request was sent, whatever became of this one.
    fn failed(self, error: Error) -> Failed {
        let error = match self.number {
            0 => error,
            _ => error.sent_at_least(Sent::Yes),
        };
        Failed { error: error.with_url(&self.url), hop: self.number }
    }
}
