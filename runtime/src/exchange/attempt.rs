//! One attempt: the hops from the first URL to the response that is no redirect, and its body.

use http::{HeaderValue, Method, header};
use url::Url;

use super::{
    deadline::Deadlines,
    hop::{Follow, Hop},
    read::{self, Payload, Received},
};
use crate::{
    error::{Error, ErrorKind, Sent},
    request::Parts,
    session::{Config, transport::Sender},
};

pub(super) struct Attempt<'a> {
    pub(super) config: &'a Config,
    pub(super) sender: &'a Sender,
    pub(super) parts: &'a mut Parts,
    pub(super) deadlines: Deadlines,
}

/// Why an attempt failed, and in which hop.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) hop: u32,
}

impl Attempt<'_> {
    pub(super) async fn run(mut self, url: Url) -> Result<Received, Failed> {
        let mut hop = Hop::first(self.parts.method.clone(), url);
        loop {
            let response = self.send(&hop).await.map_err(|error| hop.failed(error))?;
            match self.redirect(&hop, &response).map_err(|error| hop.failed(error))? {
                Some(follow) => hop = hop.follow(follow, self.config),
                None => {
                    return self.read(&hop, response).await.map_err(|error| hop.failed(error));
                }
            }
        }
    }

    /// Sends one hop, and waits for the head of its response.
    async fn send(&mut self, hop: &Hop) -> Result<reqwest::Response, Error> {
        // A timeout looks at the clock after it has polled what it bounds: too late not to send.
        if let Some(timer) = self.deadlines.passed() {
            return Err(Error::unsent(ErrorKind::Timeout(timer)));
        }
        let headers = hop.headers(self.parts, self.config)?;
        let mut request = reqwest::Request::new(hop.method.clone(), hop.url.clone());
        if hop.keeps_body() {
            let announced = headers.get(header::CONTENT_LENGTH);
            let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
            *request.body_mut() = self.parts.body.take(announced);
        }
        *request.headers_mut() = headers;
        if request.body().is_none() && expects_body(&hop.method) {
            request
                .headers_mut()
                .entry(header::CONTENT_LENGTH)
                .or_insert(HeaderValue::from_static("0"));
        }
        match self.deadlines.head(self.sender.send(request)).await {
            Ok(response) => response.and_then(framed),
            Err(timer) => Err(Error::new(ErrorKind::Timeout(timer))),
        }
    }

    /// Where a response leads, unless it is what was asked for.
    fn redirect(&self, hop: &Hop, response: &reqwest::Response) -> Result<Option<Follow>, Error> {
        if self.parts.is_success(response.status()) {
            return Ok(None);
        }
        hop.redirect(response, &self.parts.body, self.config).map_err(|error| {
            error.with_status(response.status()).with_headers(response.headers().clone())
        })
    }

    async fn read(&self, hop: &Hop, response: reqwest::Response) -> Result<Received, Error> {
        let limit = self.parts.max_body;
        let is_success = self.parts.is_success(response.status());
        let payload = Payload::new(response, &hop.method);
        if !is_success {
            Err(read::status_error(payload, &self.deadlines).await)
        } else if self.parts.streaming {
            Ok(read::open(payload, self.deadlines.of_stream(), limit, &hop.url))
        } else {
            let limit = limit.unwrap_or(self.config.max_body);
            read::whole(payload, &self.deadlines, limit, &hop.url).await
        }
    }
}

/// A response whose body ends where its head says. One in a transfer coding that is not undone, as
/// nobody asked for it, or with two lengths, is not HTTP that can be read (RFC 9112 §6.1, §6.3):
/// hyper would hand out the coded bytes, or take one length for the other.
fn framed(response: reqwest::Response) -> Result<reqwest::Response, Error> {
    let headers = response.headers();
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter().peekable();
    if codings.peek().is_none() {
        return Ok(response);
    }
    let is_chunked = codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let detail = match (is_chunked, headers.contains_key(header::CONTENT_LENGTH)) {
        (true, false) => return Ok(response),
        (true, true) => "it has both a length and chunks",
        (false, _) => "its body is in a transfer coding that nobody asked for",
    };
    Err(Error::new(ErrorKind::Protocol).detail(detail))
}

/// Methods whose requests say that they have no body (RFC 9110 §8.6).
fn expects_body(method: &Method) -> bool {
    [Method::POST, Method::PUT, Method::PATCH].contains(method)
}

impl Hop {
    /// Adds what the hop knows to an error of one of its stages. When an earlier hop was answered,
    /// the request was sent, whatever became of this one.
    fn failed(&self, error: Error) -> Failed {
        let error = match self.number {
            0 => error,
            _ => error.sent_at_least(Sent::Yes),
        };
        Failed { error: error.at_url(&self.url), hop: self.number }
    }
}
