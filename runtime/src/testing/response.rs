//! Builds responses by hand, to test their readers alone.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Version};
use serde::Serialize;
use tokio::time::Instant;
use url::Url;

use super::reply::Reply;
use crate::{
    deadline::Deadline,
    error::{CallFacts, DEFAULT_ERROR_BODY},
    response::{Body, Received, Response},
};

/// The default URL of a response that is built by hand.
const URL: &str = "https://scripted.test/";

/// Builds a [`Response`] by hand, with the facts of a call. Returned by [`Response::builder`].
///
/// ```
/// use backstop::{DecodeError, Error, ErrorKind, FromResponse, Response};
///
/// struct Xml(String);
///
/// impl FromResponse for Xml {
///     fn from_response(response: Response) -> Result<Self, Error> {
///         let text = response.text()?;
///         match text.starts_with('<') {
///             true => Ok(Self(text)),
///             false => Err(response.error(ErrorKind::Decode(DecodeError::Syntax))),
///         }
///     }
/// }
///
/// let response = Response::builder().header("content-type", "text/xml").body("<user/>");
/// assert_eq!(Xml::from_response(response)?.0, "<user/>");
///
/// let page = Response::builder().url("https://example.com/users/7").status(203).body("a page");
/// let Err(error) = page.read::<Xml>() else { panic!("a page is read as XML") };
/// assert_eq!(error.url().unwrap().path(), "/users/7");
/// assert_eq!(error.status().unwrap(), 203);
/// assert_eq!(error.body(), "a page");
/// # Ok::<(), Error>(())
/// ```
#[must_use = "`json`, `body` or `empty` builds the response"]
pub struct ResponseBuilder {
    reply: Reply,
    url: Url,
    method: Method,
    template: Option<Cow<'static, str>>,
    attempts: u32,
    deadline: Deadline,
}

impl Response {
    /// Starts to build a response by hand: 200 to a GET of `https://scripted.test/`, at the first attempt.
    /// The response of another client can be converted: `Response::from(http_response)`.
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn builder() -> ResponseBuilder {
        ResponseBuilder {
            reply: Reply::ok(),
            url: Url::parse(URL).expect("a constant that is a URL"),
            method: Method::GET,
            template: None,
            attempts: 1,
            deadline: Deadline::NONE,
        }
    }
}

impl ResponseBuilder {
    /// Sets the status; 200 by default.
    ///
    /// # Panics
    ///
    /// If it is not between 100 and 999.
    #[track_caller]
    pub fn status(mut self, status: u16) -> Self {
        self.reply = self.reply.with_status(status);
        self
    }

    /// Sets the version of HTTP; 1.1 by default.
    pub fn version(mut self, version: Version) -> Self {
        self.reply = self.reply.version(version);
        self
    }

    /// Sets a header, replacing one with this name; `set-cookie` is added instead.
    ///
    /// # Panics
    ///
    /// If the name or the value is not that of a header.
    #[track_caller]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.reply = self.reply.header(name, value);
        self
    }

    /// Sets the URL that answered, after redirects.
    ///
    /// # Panics
    ///
    /// If it is not an absolute URL.
    #[track_caller]
    pub fn url(mut self, url: impl AsRef<str>) -> Self {
        self.url = match Url::parse(url.as_ref()) {
            Ok(url) => url,
            Err(error) => panic!("`{}` is not a URL: {error}", url.as_ref()),
        };
        self
    }

    /// Sets the method of the request; GET by default.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sets the template of the call; the URL by default.
    pub fn template(mut self, template: impl Into<Cow<'static, str>>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// Sets the number of attempts; 1 by default.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the deadline of the call; none by default.
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Builds the response with this JSON as its body, and the content type `application/json` unless a
    /// header sets another.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[track_caller]
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Response {
        self.reply = self.reply.with_json(body);
        let body = super::recorded::value(body).to_string();
        self.body(body)
    }

    /// Builds the response with these bytes as its body.
    pub fn body(self, body: impl Into<Bytes>) -> Response {
        let Self { reply, url, method, template, attempts, deadline } = self;
        let template = template.unwrap_or_else(|| url.to_string().into());
        let facts = CallFacts {
            method,
            template,
            attempts,
            start: Instant::now(),
            deadline,
            error_body: DEFAULT_ERROR_BODY,
            any_content_type: false,
            observed: None,
        };
        let received = Received {
            status: reply.head.status,
            version: reply.head.version,
            headers: reply.head.headers,
            body: Body::Whole(body.into()),
            transferred: None,
        };
        Response::new(received, url, Vec::new(), facts)
    }

    /// Builds the response without a body.
    pub fn empty(self) -> Response {
        self.body(Bytes::new())
    }
}

impl fmt::Debug for ResponseBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBuilder")
            .field("status", &self.reply.head.status)
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

/// A response of another client, or one that was built by hand. As its call is unknown, its request is a GET
/// of `https://scripted.test/`, at the first attempt.
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
impl<B: Into<Bytes>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        let (status, version): (StatusCode, Version) = (parts.status, parts.version);
        let headers: HeaderMap = parts.headers;
        let mut builder = Self::builder();
        builder.reply.head = super::reply::Head { status, version, headers };
        builder.body(body)
    }
}
