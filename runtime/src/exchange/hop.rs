//! Hops: what a redirect asks for, and what of the request goes along.
//!
//! reqwest's own redirects are off. The headers of a hop are made from the request when it is sent,
//! less what its [`Baggage`] says has stayed behind. That is made from the hop before, and can only
//! lose: a header that is stripped when a hop leaves the origin is on no later one.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use tokio::time::Instant;
use url::Url;

use crate::{
    error::{Error, ErrorKind, RedirectError},
    request::{Content, MAX_URL, Parts, is_secret},
    session::Config,
};

/// One request on the wire.
#[derive(Debug)]
pub(super) struct Hop {
    /// 0 for the request that the caller made.
    pub(super) number: u32,
    pub(super) start: Instant,
    pub(super) method: Method,
    pub(super) url: Url,
    baggage: Baggage,
    /// What `Referer` says, if the session sends it.
    referer: Option<Box<HeaderValue>>,
}

/// What of the request goes along to a hop.
#[derive(Debug, Clone, Copy)]
struct Baggage {
    body: bool,
    /// The `Host` that the caller gave.
    host: bool,
    credentials: bool,
}

/// Where a redirect leads.
#[derive(Debug)]
pub(super) struct Follow {
    url: Url,
    method: Method,
    keeps_body: bool,
}

impl Hop {
    pub(super) fn first(method: Method, url: Url, start: Instant) -> Self {
        let baggage = Baggage { body: true, host: true, credentials: true };
        Self { number: 0, start, method, url, baggage, referer: None }
    }

    pub(super) fn keeps_body(&self) -> bool {
        self.baggage.body
    }

    /// The headers of this hop.
    pub(super) fn headers(&self, parts: &Parts, config: &Config) -> Result<HeaderMap, Error> {
        let mut headers = parts.headers(&config.headers)?;
        if self.number == 0 {
            return Ok(headers);
        }
        let Baggage { body, host, credentials } = self.baggage;
        if !body {
            for name in BODY_HEADERS {
                headers.remove(name);
            }
        }
        if !host {
            headers.remove(header::HOST);
        }
        if !credentials {
            remove_secrets(&mut headers);
        }
        if config.referer {
            match &self.referer {
                Some(referer) => headers.insert(header::REFERER, (**referer).clone()),
                None => headers.remove(header::REFERER),
            };
        }
        Ok(headers)
    }

    /// Input: a response that is no success. Output: where it leads, if it is a redirect that is
    /// followed (RFC 9110 §15.4).
    pub(super) fn redirect(
        &self,
        response: &reqwest::Response,
        body: &Content,
        config: &Config,
    ) -> Result<Option<Follow>, Error> {
        let status = response.status();
        let follows = matches!(
            status,
            StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT
        );
        if !follows || config.max_redirects == 0 {
            return Ok(None);
        }
        let refuse = |leaf| Err(Error::new(ErrorKind::Redirect(leaf)));
        if self.number >= config.max_redirects {
            return refuse(RedirectError::TooMany);
        }
        let location = response.headers().get(header::LOCATION);
        let Some(url) = location.and_then(|location| self.locate(location)) else {
            return refuse(RedirectError::Location);
        };
        match (self.url.scheme(), url.scheme()) {
            (_, "https") | ("http", "http") => {}
            ("https", "http") if config.allow_downgrade => {}
            _ => return refuse(RedirectError::Scheme),
        }
        // A redirected POST becomes a GET, as every client has it; 303 asks for that of every
        // method; 307 and 308 forbid it.
        let (method, keeps_body) = match (status, &self.method) {
            (StatusCode::SEE_OTHER, method) if *method != Method::HEAD => (Method::GET, false),
            (StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND, method)
                if *method == Method::POST =>
            {
                (Method::GET, false)
            }
            (_, method) => (method.clone(), self.baggage.body),
        };
        if keeps_body && matches!(body, Content::Spent) {
            return refuse(RedirectError::Body);
        }
        Ok(Some(Follow { url, method, keeps_body }))
    }

    /// The URL of a `Location`, without user information: a server cannot hand out credentials.
    fn locate(&self, location: &HeaderValue) -> Option<Url> {
        let location = std::str::from_utf8(location.as_bytes()).ok()?.trim();
        if location.is_empty() {
            return None;
        }
        let mut url = self.url.join(location).ok()?;
        if !url.username().is_empty() || url.password().is_some() {
            url.set_username("").ok()?;
            url.set_password(None).ok()?;
        }
        (url.as_str().len() <= MAX_URL).then_some(url)
    }

    /// Becomes the next hop: this one, less what must not go along.
    pub(super) fn follow(&mut self, follow: Follow, config: &Config) {
        let Follow { url, method, keeps_body } = follow;
        let same_origin = self.url.origin() == url.origin();
        self.baggage.body &= keeps_body;
        self.baggage.host &= same_origin;
        self.baggage.credentials &= same_origin || config.forward_credentials;
        self.referer = if config.referer { referer(&self.url, &url).map(Box::new) } else { None };
        self.number += 1;
        self.start = Instant::now();
        self.method = method;
        self.url = url;
    }
}

/// Headers that describe a body.
const BODY_HEADERS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::TRANSFER_ENCODING,
];

fn remove_secrets(headers: &mut HeaderMap) {
    let secret: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| value.is_sensitive() || is_secret(name))
        .map(|(name, _)| name.clone())
        .collect();
    for name in secret {
        headers.remove(name);
    }
}

/// Where a hop comes from, unless that is more secure than where it goes (RFC 9110 §10.1.3).
fn referer(from: &Url, to: &Url) -> Option<HeaderValue> {
    if from.scheme() == "https" && to.scheme() == "http" {
        return None;
    }
    let mut from = from.clone();
    from.set_fragment(None);
    HeaderValue::from_str(from.as_str()).ok()
}
