//! Continues a call after its response: sends another request by the same plan.
//!
//! A continued call keeps a copy of its plan, and its response can send that plan again: unchanged, or for
//! another URL. Other calls keep nothing.

use std::{fmt, sync::Arc, time::Duration};

use http::Method;
use url::Url;

use crate::{
    error::{Error, ErrorKind, RedirectError},
    exchange::{self, Exchange, locate},
    plan::Plan,
    request::{IntoHeaderValue, add_header, header_name},
    response::Response,
    transport::Transport,
};

/// The part of a session that a continuation keeps: its connections.
pub(crate) trait Carrier: Send + Sync {
    fn transport(&self) -> &Transport;
}

/// Continues a call after its response: requests the next page of a list, reconnects a stream of events, or
/// requests the rest of a body.
///
/// A request that continues a call is a call of its own with the same policy: it has the headers, limits and
/// retries of the first one, and the connections of its session. Credentials are sent to the origin of the
/// first request alone.
///
/// A response has one if its request was [continued](crate::Request::continued), and its body, if any, can be
/// sent again. With the feature `stream`, `Pages`, `Events` and `Download` are built on it; use it for what
/// they do not do.
///
/// ```no_run
/// use backstop::{Continuation, Error, Request, Session};
///
/// # async fn example() -> Result<(), Error> {
/// let request = Request::get("https://api.example.com/jobs/7").continued(true);
/// let job = Session::shared().fetch(request).await?;
/// let Some(continuation) = Continuation::of(&job) else { return Ok(()) };
/// let log = continuation.at("7/log?after=100")?.header("accept", "text/plain").fetch().await?;
/// println!("{}", log.text()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Continuation(Arc<Kept>);

struct Kept {
    /// With a body that can be sent any number of times.
    plan: Plan,
    carrier: Arc<dyn Carrier>,
    /// The URL that answered.
    url: Url,
}

/// A request that continues a call, made by a [`Continuation`].
#[must_use = "nothing is sent until this is fetched"]
pub struct Continued {
    plan: Plan,
    carrier: Arc<dyn Carrier>,
    /// The first mistake that was made in changing the request.
    mistake: Option<Error>,
}

/// Makes a call by a plan, and attaches a continuation to its response, unless the body can be sent only once.
pub(crate) async fn run(mut plan: Plan, carrier: Arc<dyn Carrier>) -> Result<Response, Error> {
    let kept = plan.body.is_replayable().then(|| plan.replay());
    let mut response = exchange::run(&mut plan, carrier.transport()).await?;
    if let Some(plan) = kept {
        let url = response.url().clone();
        response.set_extension(Arc::new(Kept { plan, carrier, url }));
    }
    Ok(response)
}

impl Continuation {
    /// The continuation of a response, if it has one.
    pub fn of(response: &Response) -> Option<Self> {
        response.extension().map(Self)
    }

    /// The URL that answered.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// The method of the call.
    pub fn method(&self) -> &Method {
        &self.0.plan.method
    }

    /// Whether the server may process the request twice: its method is idempotent (RFC 9110 §9.2.2), or it
    /// has an idempotency key.
    pub fn is_repeatable(&self) -> bool {
        self.0.plan.is_repeatable
    }

    /// Whether a URL is of the origin (scheme, host and port) that the call was made to and answered from.
    /// Credentials go to no other.
    pub fn is_same_origin(&self, url: &Url) -> bool {
        let origin = self.0.plan.url.origin();
        url.origin() == origin && self.0.url.origin() == origin
    }

    /// The same request again.
    pub fn again(&self) -> Continued {
        let Kept { plan, carrier, .. } = &*self.0;
        Continued { plan: plan.replay(), carrier: Arc::clone(carrier), mistake: None }
    }

    /// The same request for another URL, which may be relative to [the one that answered](Continuation::url)
    /// (RFC 3986 §5). Neither credentials nor `Host` go to another origin, unless the session
    /// [forwards them](crate::SessionBuilder::forward_credentials).
    ///
    /// # Errors
    ///
    /// [`Redirect`](ErrorKind::Redirect), if it is not a URL that can be requested, or leads from `https` to
    /// `http` and the session does not [allow that](crate::SessionBuilder::allow_downgrade).
    pub fn at(&self, reference: &str) -> Result<Continued, Error> {
        self.resolve(reference).map(|url| self.at_url(url))
    }

    /// The URL that a reference stands for, by the rules of a redirect.
    pub(crate) fn resolve(&self, reference: &str) -> Result<Url, Error> {
        let Kept { plan, url: base, .. } = &*self.0;
        let url = locate(base, reference).map_err(|error| self.describe(error))?;
        let is_downgrade = base.scheme() == "https" && url.scheme() == "http";
        match is_downgrade && !plan.redirects.allow_downgrade {
            true => Err(self.describe(Error::new(ErrorKind::Redirect(RedirectError::Scheme)))),
            false => Ok(url),
        }
    }

    /// The same request for a URL that was [resolved](Continuation::resolve).
    pub(crate) fn at_url(&self, url: Url) -> Continued {
        let mut continued = self.again();
        if !self.is_same_origin(&url) {
            continued.plan.leave_origin();
        }
        continued.plan.url = url;
        continued
    }

    /// Adds the request to an error of going on.
    pub(crate) fn describe(&self, error: Error) -> Error {
        let Kept { plan, url, .. } = &*self.0;
        error.or_url(url).with_request(&plan.method, plan.template.clone())
    }

    #[cfg(feature = "stream")]
    pub(crate) fn has_header(&self, name: &http::HeaderName) -> bool {
        self.0.plan.headers.contains_key(name)
    }

    /// The URL of the request.
    #[cfg(feature = "fs")]
    pub(crate) fn first_url(&self) -> &Url {
        &self.0.plan.url
    }
}

impl Continued {
    /// Sets a header in place of the call's header of this name; `None` keeps that one.
    pub fn header(mut self, name: &str, value: impl IntoHeaderValue) -> Self {
        let headers = &mut self.plan.headers;
        let set = header_name(name).and_then(|known| {
            let before: Vec<_> = headers.get_all(&known).iter().cloned().collect();
            headers.remove(&known);
            add_header(headers, name, value)?;
            if !headers.contains_key(&known) {
                headers.extend(before.into_iter().map(|value| (known.clone(), value)));
            }
            Ok(())
        });
        if let Err(mistake) = set {
            self.mistake.get_or_insert(mistake);
        }
        self
    }

    /// Bounds the whole call; by default with the timeout of the first one. `None` for no bound.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.plan.timeouts.total = timeout.into();
        self
    }

    /// Counts every 2xx as success: 206 and 204 have a meaning for streams.
    #[cfg(feature = "stream")]
    pub(crate) fn any_success(mut self) -> Self {
        self.plan.success = &[200..=299];
        self
    }

    /// Leaves it to what reads the response to tell how the call ended.
    #[cfg(feature = "stream")]
    pub(crate) fn ends_when_read(mut self) -> Self {
        self.plan.is_read = true;
        self
    }

    /// Whether the body of the response is left open; by default as for the first one.
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.plan.streaming = streaming;
        self
    }

    /// Sends it, when the returned future is awaited. Its response can be continued again.
    ///
    /// # Errors
    ///
    /// As [`Session::fetch`](crate::Session::fetch).
    pub fn fetch(self) -> Exchange {
        let Self { plan, carrier, mistake } = self;
        Exchange::new(async move {
            match mistake {
                Some(mistake) => Err(mistake.with_request(&plan.method, plan.template.clone())),
                None => run(plan, carrier).await,
            }
        })
    }
}

impl fmt::Debug for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Continuation")
            .field("url", &crate::redact::url(&self.0.url).as_str())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Continued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Continued")
            .field("url", &crate::redact::url(&self.plan.url).as_str())
            .finish_non_exhaustive()
    }
}
