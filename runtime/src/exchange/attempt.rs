//! One attempt: follows redirects from the first URL to the final response, and reads its body.

use std::{
    future::Future,
    pin::{Pin, pin},
    time::Duration,
};

use http::{HeaderValue, Method, StatusCode, header};
use tokio::time::Instant;
use tracing::Span;
use url::Url;

#[cfg(feature = "cookies")]
use super::cookies;
use super::{
    hop::{Failed, Follow, Hop},
    resends::Resends,
};
use crate::{
    classify::{self, NoHead},
    credentials::{self, Authorization, Refused},
    error::{self, Error, ErrorKind, Sent, TimeoutError},
    handover::Withdrawn,
    observe::{
        AttemptWatch,
        span::{self, HopFacts},
        within,
    },
    plan::{Ask, Plan},
    prepare::{self, Position},
    request::Content,
    response::{self, Body, BodyStream, Payload, Received, request_codings},
    send_body::SendBody,
    timers::AttemptTimers,
    transport::{Head, Outgoing, ReceivedBody, Sender, Sending, Wait},
};

/// How long the task of a connection may leave a request in its channel before that is looked at. It takes
/// no time, except on a machine that is too busy.
const HANDOVER: Duration = Duration::from_millis(500);

pub(super) struct Attempt<'a> {
    plan: &'a mut Plan,
    sender: &'a Sender,
    timers: AttemptTimers,
    watch: &'a AttemptWatch,
    /// From 1.
    number: u32,
    /// The current hop.
    hop: Hop,
    /// The span of that hop, in which also its body is read.
    span: Span,
    /// What the session's source of credentials gave.
    authorization: Option<Authorization>,
    redirects: Vec<error::Hop>,
    /// The status that answered the current hop, once it did.
    answered: Option<StatusCode>,
    /// How many bytes of the body arrived of a response that is an error.
    transferred: Option<u64>,
}

/// The response of an attempt, the URL that answered, and the redirects that led there.
pub(super) struct Arrived {
    pub(super) received: Received,
    pub(super) url: Url,
    pub(super) redirects: Vec<error::Hop>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        plan: &'a mut Plan,
        sender: &'a Sender,
        timers: AttemptTimers,
        watch: &'a AttemptWatch,
        number: u32,
        now: Instant,
    ) -> Self {
        let hop = Hop::first(plan.method.clone(), plan.url.clone(), now);
        Self {
            plan,
            sender,
            timers,
            watch,
            number,
            hop,
            span: Span::none(),
            authorization: None,
            redirects: Vec::new(),
            answered: None,
            transferred: None,
        }
    }

    /// Follows redirects, and reads the final response. Returns it with its URL.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would hold the attempt twice")]
    pub(super) fn run(mut self) -> impl Future<Output = Result<Arrived, Failed>> {
        async move {
            match self.receive().await {
                Ok(received) => {
                    Ok(Arrived { received, url: self.hop.url, redirects: self.redirects })
                }
                Err(error) => {
                    #[cfg(feature = "testing")]
                    let error = self.sender.describe(error, &self.timers);
                    // A status of an error is recorded with the head.
                    if !matches!(error.kind(), ErrorKind::Status(400..)) {
                        span::record_error(&self.span, &error);
                    }
                    let error = error.with_history(&self.history());
                    Err(Failed { transferred: self.transferred, ..self.hop.failed(error) })
                }
            }
        }
    }

    /// The hops that were answered.
    fn history(&mut self) -> Vec<error::Hop> {
        let mut hops = std::mem::take(&mut self.redirects);
        hops.extend(self.answered.map(|status| error::Hop::new(self.hop.url.clone(), status)));
        hops
    }

    async fn receive(&mut self) -> Result<Received, Error> {
        if self.plan.credentials != Ask::Never {
            self.authorization = self.ask(None).await?;
        }
        let payload = loop {
            let head = self.send().await?;
            match self.redirect(&head.response)? {
                Some(follow) => self.follow(head.response.status(), follow),
                None => {
                    let payload = Payload::new(head, &self.hop.method);
                    match self.is_refused(payload.status()) {
                        false => break payload,
                        // In a box: few calls are refused, and the others have no room for it.
                        true => Box::pin(self.renew(payload)).await?,
                    }
                }
            }
        };
        let span = self.span.clone();
        within(&span, pin!(self.read(payload))).await
    }

    /// Goes to the hop that a redirect asks for.
    fn follow(&mut self, status: StatusCode, follow: Follow) {
        span::redirect(status, &follow.url);
        self.redirects.push(error::Hop::new(self.hop.url.clone(), status));
        self.answered = None;
        self.hop.follow(follow, &self.plan.redirects, Instant::now());
    }

    /// Reads the response of the last hop.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would hold the payload twice")]
    fn read(&mut self, mut payload: Payload) -> impl Future<Output = Result<Received, Error>> {
        async move {
            let limit = self.plan.max_body;
            if !self.plan.is_success(payload.status()) {
                let limit = self.plan.error_body;
                let error = response::status_error(&mut payload, &self.timers, limit).await;
                self.transferred = Some(payload.transferred());
                Err(error)
            } else if self.plan.streaming {
                let idle = self.timers.idle_only();
                Ok(Received::new(payload, |payload| {
                    Body::Open(BodyStream::new(payload, idle, limit))
                }))
            } else {
                match response::whole(&mut payload, &self.timers, limit.unwrap_or(u64::MAX)).await {
                    Ok(body) => Ok(Received::new(payload, |_| Body::Whole(body))),
                    Err(error) => {
                        self.transferred = Some(payload.transferred());
                        Err(payload.failed(error))
                    }
                }
            }
        }
    }

    /// Asks the session's source of credentials, under the timers of the attempt.
    async fn ask(&self, refused: Option<Refused>) -> Result<Option<Authorization>, Error> {
        let Some(source) = &self.plan.hooks.source else { return Ok(None) };
        // In a box: most sessions have no source.
        let mut asking = Box::pin(credentials::ask(source, refused));
        match self.timers.head(None, asking.as_mut()).await {
            Ok(answer) => answer,
            Err(timer) => Err(self.timers.timed_out(timer, "the credentials").with_sent(Sent::No)),
        }
    }

    /// Whether a 401 is answered by asking for other credentials and sending the hop again: the source's
    /// were refused, for the first time in this call, and the body is still there.
    fn is_refused(&self, status: StatusCode) -> bool {
        status == StatusCode::UNAUTHORIZED
            && self.plan.credentials == Ask::Yes
            && self.authorization.is_some()
            && self.hop.is_at_first_origin()
            && !self.plan.is_success(status)
            && (!self.hop.keeps_body() || self.plan.body.is_replayable())
    }

    /// Asks for other credentials, with which the hop is then sent again. Fails with the 401 if there are
    /// none.
    async fn renew(&mut self, mut payload: Payload) -> Result<(), Error> {
        self.plan.credentials = Ask::Renewed;
        let limit = self.plan.error_body;
        let error = response::status_error(&mut payload, &self.timers, limit).await;
        drop(payload);
        self.span = Span::none();
        let refused = self.authorization.take();
        let told = refused.clone().map(|refused| {
            let error = error.clone().with_url(&self.hop.url);
            Refused::new(refused, error)
        });
        let asked = self.ask(told).await;
        let renewed = asked.map_err(|failed| {
            failed.with_status(StatusCode::UNAUTHORIZED).sent_at_least(Sent::Yes)
        })?;
        if renewed.is_none() || renewed == refused {
            return Err(error);
        }
        self.authorization = renewed;
        self.hop.start = Instant::now();
        Ok(())
    }

    /// Sends one hop, and waits for the head of its response. A request that the server certainly did not
    /// take is sent again at once: a pool hands out connections that the server is about to close.
    async fn send(&mut self) -> Result<Head, Error> {
        let mut resends = Resends::default();
        loop {
            let can_resend = resends.remain() && self.plan.body.is_replayable();
            let NoHead { error, resend } = match self.send_once(can_resend).await {
                Ok(head) => return Ok(head),
                Err(no_head) => no_head,
            };
            if !self.plan.body.is_replayable()
                || !resends.take(resend, error.sent(), &self.hop.method)
            {
                return Err(error);
            }
            span::record_error(&self.span, &error);
        }
    }

    /// Sends the hop once, in a span of its own.
    async fn send_once(&mut self, can_resend: bool) -> Result<Head, NoHead> {
        if self.watch.is_watched() {
            self.span = span::hop(&HopFacts {
                method: &self.hop.method,
                url: &self.hop.url,
                target: self.watch.target().filter(|_| self.hop.number == 0),
                resends: self.watch.next_resend(),
            });
        }
        let span = self.span.clone();
        self.answered = None;
        let outcome = within(&span, pin!(self.send_in_span(can_resend))).await;
        if let Ok(head) = &outcome {
            self.answered = Some(head.response.status());
            span::record_head(&span, head.response.status(), head.response.version());
        }
        outcome
    }

    async fn send_in_span(&mut self, can_resend: bool) -> Result<Head, NoHead> {
        // A timer is only checked after the first poll of the future, which may already send.
        if let Some(timer) = self.timers.passed_at(self.hop.start) {
            return Err(Error::unsent(ErrorKind::Timeout(timer)).into());
        }
        let outgoing = self.outgoing()?;
        let mut sending = self.sender.send(outgoing)?;
        let timer = match self.head(&mut sending, can_resend).await {
            Ok(head) => return head.and_then(|head| self.received(head)),
            Err(timer) => timer,
        };
        match timer {
            TimeoutError::Idle => Err(self.not_taken(sending.withdraw()).await),
            timer => {
                let (wait, sent) = match sending.withdraw().is_unsent() {
                    true => ("a connection", Sent::No),
                    false => ("the head of the response", Sent::Maybe),
                };
                Err(self.timers.timed_out(timer, wait).with_sent(sent).into())
            }
        }
    }

    /// Records the head of a hop's response.
    fn received(&mut self, head: Head) -> Result<Head, NoHead> {
        if let Some(url) = &head.url {
            self.hop.answered_by(url, &self.plan.redirects);
        }
        #[cfg(feature = "cookies")]
        if let Some(jar) = &self.plan.hooks.cookies {
            cookies::store(&**jar, head.response.headers(), &self.hop.url);
        }
        check_framing(head).map_err(NoHead::from)
    }

    /// Waits for the head of the response; `Idle` if the connection does not take the request, which is
    /// asked only where the request can be sent again. A request that has just been given to a connection
    /// has until the next look.
    async fn head(
        &self,
        sending: &mut Sending,
        can_resend: bool,
    ) -> Result<Result<Head, NoHead>, TimeoutError> {
        let mut limit = can_resend.then_some(HANDOVER);
        let mut before = Wait::Connection;
        loop {
            match self.timers.head(limit, Pin::new(&mut *sending)).await {
                Err(TimeoutError::Idle) => {}
                ended => return ended,
            }
            match sending.wait(&self.hop.url) {
                Wait::Handover if before == Wait::Handover => return Err(TimeoutError::Idle),
                Wait::Response => limit = None,
                wait => before = wait,
            }
        }
    }

    /// Waits for what became of a request that its connection did not take: that is known at once if it was
    /// lost, and else when the connection's task, being late, finds that nothing waits for it.
    async fn not_taken(&self, withdrawn: Withdrawn) -> NoHead {
        match self.timers.head(None, pin!(withdrawn.decided())).await {
            Ok(is_unsent) => classify::not_taken(is_unsent),
            Err(timer) => {
                let error = self.timers.timed_out(timer, "a connection to take the request");
                error.with_sent(Sent::Maybe).into()
            }
        }
    }

    /// The request of the current hop.
    fn outgoing(&mut self) -> Result<Outgoing, Error> {
        let Self { hop, plan, sender, authorization, .. } = self;
        let mut headers = hop.headers(&plan.headers, &plan.redirects);
        if let Some(authorization) = authorization
            && hop.is_at_first_origin()
        {
            authorization.add_to(&mut headers);
        }
        // The user's client or service asks for the codings that it decodes.
        if sender.is_own() {
            request_codings(&mut headers);
        }
        #[cfg(feature = "cookies")]
        if let Some(jar) = &plan.hooks.cookies {
            cookies::add(&**jar, &mut headers, &hop.url);
        }
        let mut body = SendBody::None;
        if hop.keeps_body() {
            let announced = headers.get(header::CONTENT_LENGTH);
            let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
            body = plan.body.take(announced);
        }
        if matches!(body, SendBody::None) && expects_body(&hop.method) {
            headers.entry(header::CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
        }
        let (method, url) = (hop.method.clone(), hop.url.clone());
        self.prepared(Outgoing { method, url, headers, body })
    }

    /// Adds the headers that the session's hooks set.
    fn prepared(&self, mut outgoing: Outgoing) -> Result<Outgoing, Error> {
        let Self { hop, plan, number, .. } = self;
        for hook in &plan.hooks.prepare {
            let position = Position {
                attempt: *number,
                hop: hop.number,
                is_own_origin: plan.is_own_origin && hop.is_at_first_origin(),
                credentials: plan.is_own_origin && hop.keeps_credentials(),
            };
            prepare::prepare(&**hook, &mut outgoing, position, &plan.hooks.sensitive)?;
        }
        Ok(outgoing)
    }

    /// The redirect of a response, unless its status counts as success.
    fn redirect(&self, response: &http::Response<ReceivedBody>) -> Result<Option<Follow>, Error> {
        let (status, headers) = (response.status(), response.headers());
        if self.plan.is_success(status) {
            return Ok(None);
        }
        let is_consumed = matches!(self.plan.body, Content::Consumed);
        self.hop
            .redirect(status, headers, is_consumed, &self.plan.redirects)
            .map_err(|error| error.with_status(status).with_headers(headers.clone()))
    }
}

/// Refuses a response whose body has no clear end (RFC 9112 §6.1, §6.3): with a transfer coding other than
/// `chunked`, whose encoded bytes hyper would return, or with both a transfer coding and a length, between
/// which hyper would choose.
fn check_framing(head: Head) -> Result<Head, Error> {
    let headers = head.response.headers();
    if !headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(head);
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let detail = match (is_chunked, headers.contains_key(header::CONTENT_LENGTH)) {
        (true, false) => return Ok(head),
        (true, true) => "it has both a length and chunks",
        (false, _) => "its body is in a transfer coding that was not asked for",
    };
    Err(Error::new(ErrorKind::Protocol).with_sent(Sent::Yes).with_detail(detail))
}

/// Whether a request of this method without a body has a `Content-Length` of 0 (RFC 9110 §8.6).
fn expects_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}
