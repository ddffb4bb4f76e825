//! Responses by hand, so that what reads one is tested alone.

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

/// The URL of a response that was made by hand and was given none.
const URL: &str = "https://scripted.test/";

/// Makes a [`Response`] by hand, with all that it would know of its call: what
/// [`Response::builder`] returns.
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
#[must_use = "a response is made by what gives it a body"]
pub struct ResponseBuilder {
    reply: Reply,
    url: Url,
    method: Method,
    template: Option<Cow<'static, str>>,
    attempts: u32,
    deadline: Deadline,
}

impl Response {
    /// Starts a response that is made by hand: 200 to a GET of `https://scripted.test/`, at the first
    /// attempt. A response of another client converts: `Response::from(http_response)`.
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

    /// Sets a header. One of this name is replaced; `set-cookie` is added.
    ///
    /// # Panics
    ///
    /// If the name or the value is not that of a header.
    #[track_caller]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.reply = self.reply.header(name, value);
        self
    }

    /// Sets the URL that answered.
    ///
    /// # Panics
    ///
    /// If it is not a whole URL.
    #[track_caller]
    pub fn url(mut self, url: impl AsRef<str>) -> Self {
        self.url = match Url::parse(url.as_ref()) {
            Ok(url) => url,
            Err(error) => panic!("`{}` is no URL: {error}", url.as_ref()),
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

    /// Sets how often the request was tried; 1 by default.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the time by which the call has to be done; none by default.
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// The response with this JSON as its body, and the content type `application/json` unless a header
    /// says otherwise.
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

    /// The response with these bytes as its body.
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

    /// The response without a body.
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

/// A response of another client, or one that was made by hand. It has no call that it knows of: its
/// request is a GET of `https://scripted.test/`, at the first attempt.
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
