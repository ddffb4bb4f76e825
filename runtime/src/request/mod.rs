//! Requests as data: the URL, headers and body, which statuses are success, and the limits.
//!
//! Nothing here does I/O. A mistake in a part (a value that cannot be serialized, an invalid header) is kept
//! and becomes the call's error, so that building is one chain; [`Session::fetch`](crate::Session::fetch) makes a plan of the parts.

mod body;
mod bound;
mod credentials;
#[cfg(feature = "fs")]
mod file;
mod form;
mod header;
mod length;
mod list;
#[cfg(feature = "multipart")]
mod multipart;
mod options;
mod parts;
#[cfg(feature = "stream")]
mod progress;
mod reference;
mod secret;
mod template;
mod value;

use std::{borrow::Cow, fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, Method, header as names};
use serde::Serialize;

#[cfg(feature = "testing")]
pub(crate) use self::secret::is_secret;
use self::value::{Place, Value};
pub use self::{
    body::Body,
    header::IntoHeaderValue,
    list::{Brackets, Commas},
    options::CallOptions,
};
pub(crate) use self::{
    body::{Content, ContentHeaders},
    credentials::{basic, secret, take_userinfo},
    header::{add_header, append as append_header, header_name, set_default},
    parts::Parts,
    reference::{HOLDS_UNSAFE, MAX_URL, UrlStart, holds_unsafe, parse_http},
    secret::remove as remove_secrets,
    value::text_of,
};
use crate::{
    deadline::Deadline,
    error::{BuildError, Error},
    observe::Observer,
    response::{FromResponse, Reads},
    retry::Retry,
};

/// A request that a [`Session`](crate::Session) can send.
///
/// The URL is a template: `{name}` is a placeholder for a value that is set by name and cannot leave its
/// place in the URL. A template that starts with `/` or a path is appended to the session's base URL.
///
/// ```no_run
/// use backstop::{FromResponse, Json, Request, Session};
///
/// # #[derive(serde::Deserialize)] struct User { name: String }
/// # async fn example() -> Result<(), backstop::Error> {
/// let request = Request::get("https://api.example.com/users/{id}?fields={fields}")
///     .path("id", &7)
///     .query_param("fields", &["name", "email"])
///     .bearer_auth("s3cret");
/// let response = Session::shared().fetch(request).await?;
/// let Json(user) = Json::<User>::from_response(response)?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until a session fetches it"]
pub struct Request(Box<Parts>);

impl Request {
    /// Creates a request with this method. CONNECT is a [`BuildError::Method`], because it requests a tunnel
    /// from a proxy. A TRACE request cannot have a body (RFC 9110 §9.3.8); a body is a [`BuildError::Body`].
    pub fn new(method: Method, template: impl Into<Cow<'static, str>>) -> Self {
        Self(Parts::boxed(method, template.into()))
    }

    /// Creates a request with a method given by its name, such as `PURGE`. The name is case-sensitive (RFC
    /// 9110 §9.1). The rules of [`new`](Request::new) apply.
    pub fn method(name: &str, template: impl Into<Cow<'static, str>>) -> Self {
        match Method::from_bytes(name.as_bytes()) {
            Ok(method) => Self::new(method, template),
            Err(_) => Self::new(Method::GET, template).or_mistake(Err(Error::build(
                BuildError::Method,
                "a method's name is a token of letters, digits and `-`",
            ))),
        }
    }

    /// Creates a GET request (RFC 9110 §9.3.1).
    pub fn get(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, template)
    }

    /// Creates a POST request (RFC 9110 §9.3.3).
    pub fn post(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::POST, template)
    }

    /// Creates a PUT request (RFC 9110 §9.3.4).
    pub fn put(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::PUT, template)
    }

    /// Creates a PATCH request (RFC 5789).
    pub fn patch(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::PATCH, template)
    }

    /// Creates a DELETE request (RFC 9110 §9.3.5).
    pub fn delete(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::DELETE, template)
    }

    /// Creates a HEAD request (RFC 9110 §9.3.2).
    pub fn head(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::HEAD, template)
    }

    /// Creates an OPTIONS request (RFC 9110 §9.3.7).
    pub fn options(template: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::OPTIONS, template)
    }

    /// Fills the placeholder at the start of the template with a base URL. The path of the base URL is kept:
    /// `{base}/users` with `https://host/api/v1` is `https://host/api/v1/users`.
    pub fn base(self, name: &'static str, value: &dyn fmt::Display) -> Self {
        self.value(Value::for_path(name, Place::Base, value))
    }

    /// Fills the placeholder `{name}` in the path. The value is percent-encoded. If it makes its segment
    /// empty, `.` or `..`, the call fails with [`BuildError::Segment`], and nothing is sent.
    pub fn path(self, name: &'static str, value: &dyn fmt::Display) -> Self {
        self.value(Value::for_path(name, Place::Segment, value))
    }

    /// Fills the placeholder `{*name}` with any number of segments, separated by `/`. The rules of
    /// [`path`](Request::path) apply to each segment.
    pub fn path_segments(self, name: &'static str, value: &dyn fmt::Display) -> Self {
        self.value(Value::for_path(name, Place::Segments, value))
    }

    /// Fills the placeholder `{/name}`. `None` omits the segment, together with the `/` in the placeholder.
    /// The rules of [`path`](Request::path) apply to a value.
    ///
    /// ```
    /// use backstop::Request;
    ///
    /// let archive = |branch: Option<&str>| {
    ///     Request::get("https://api.example.com/archive{/branch}").optional_path("branch", &branch)
    /// };
    /// // GET /archive/main, and GET /archive
    /// let (one, default) = (archive(Some("main")), archive(None));
    /// ```
    pub fn optional_path<T: fmt::Display>(self, name: &'static str, value: &Option<T>) -> Self {
        self.optional_value(name, Place::OptionalSegment, value)
    }

    /// Fills the placeholder `{/*name}`. `None` omits it. The rules of
    /// [`path_segments`](Request::path_segments) apply to a value, which can have any number of segments.
    pub fn optional_path_segments<T: fmt::Display>(
        self,
        name: &'static str,
        value: &Option<T>,
    ) -> Self {
        self.optional_value(name, Place::OptionalSegments, value)
    }

    /// Fills the placeholder for one label of the host, as in `https://{tenant}.example.com`. The value may
    /// contain letters, digits and inner hyphens (RFC 1123 §2.1). Any other value is a [`BuildError::Url`],
    /// so a value cannot change the domain.
    ///
    /// ```
    /// use backstop::Request;
    ///
    /// let request = Request::get("https://{tenant}.example.com/users").host_label("tenant", &"acme");
    /// ```
    pub fn host_label(self, name: &'static str, value: &dyn fmt::Display) -> Self {
        self.value(Value::for_host(name, value))
    }

    /// Fills the placeholder in `key={name}` in the query. `None`, `()` and JSON's `null` omit the pair, also
    /// as an element of a sequence. A sequence, an array or a tuple repeats the pair, unless it is wrapped in
    /// [`Commas`] or [`Brackets`]. The value is form-encoded: a space becomes `+`. A struct, a map or a
    /// variant with data cannot be the value of a pair; the error names the field.
    pub fn query_param(self, name: &'static str, value: &(impl Serialize + ?Sized)) -> Self {
        self.value(Value::for_query(name, value))
    }

    /// Appends the fields of a struct, the entries of a map or a sequence of pairs to the query. Values are
    /// written as in [`query_param`](Request::query_param): `None` omits a field, and a sequence repeats it.
    pub fn query(mut self, query: &(impl Serialize + ?Sized)) -> Self {
        let start = self.0.query.len();
        if start > 0 {
            self.0.query.push('&');
        }
        let before = self.0.query.len();
        let made = form::push_pairs(&mut self.0.query, query);
        if made.is_err() || self.0.query.len() == before {
            self.0.query.truncate(start);
        }
        self.or_mistake(made.map_err(|error| error.into_error(BuildError::Url, "query")))
    }

    /// Adds a header. A value of `None` omits it. A header that can occur only once, such as `Authorization`
    /// or `Content-Type`, replaces the previous one. Cookies are joined into one `Cookie` header.
    ///
    /// Headers that carry credentials are marked sensitive: `Authorization`, `Cookie`, and headers whose name
    /// contains a word such as key, token, secret, session, password, signature or jwt. A session can [add
    /// more names](crate::SessionBuilder::sensitive_header).
    ///
    /// Headers of the connection are refused, because the client controls the framing of the body and the
    /// connection: `Transfer-Encoding`, `Upgrade`, `HTTP2-Settings`, `Keep-Alive`, `Proxy-Connection`, a
    /// `Connection` with other options than `close`, `keep-alive` and `te`, and a `TE` with other values than
    /// `trailers` (RFC 9110 §7.6.1). Also refused are a `Content-Length` that differs from the length of the
    /// body (0 without a body), an `Expect` without a body, and a `Host` that is not a host with an optional
    /// port. A refused header is a [`BuildError::Header`], even if the session sets it.
    pub fn header(mut self, name: impl AsRef<str>, value: impl IntoHeaderValue) -> Self {
        let added = add_header(&mut self.0.headers, name.as_ref(), value);
        self.or_mistake(added)
    }

    /// Adds all headers of a map, in the same way as [`header`](Request::header). A header with several
    /// values keeps all of them.
    pub fn headers(mut self, headers: &HeaderMap) -> Self {
        let mut added = Ok(());
        for (name, value) in headers {
            added = added.and_then(|()| add_header(&mut self.0.headers, name.as_str(), value));
        }
        self.or_mistake(added)
    }

    /// Adds an `Authorization` header with a bearer token (RFC 6750), marked sensitive. A token of `None`
    /// omits the header.
    pub fn bearer_auth(self, token: impl IntoHeaderValue) -> Self {
        self.authorization(credentials::bearer(token))
    }

    /// Adds an `Authorization` header with a user name and a password (RFC 7617), marked
    /// sensitive.
    pub fn basic_auth(self, user: impl fmt::Display, password: impl fmt::Display) -> Self {
        let (user, password) = (user.to_string(), password.to_string());
        self.authorization(credentials::basic(user.as_bytes(), password.as_bytes()).map(Some))
    }

    /// Sends a value as JSON. The content type is `application/json`, unless a [`header`](Request::header)
    /// sets another one.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        let made = serde_json::to_vec(value).map_err(|error| {
            Error::build(BuildError::Body, "the value cannot be serialized as JSON")
                .with_source(error)
        });
        self.typed_body("application/json", made)
    }

    /// Applies a method if there is a value for it. `None` leaves the request unchanged.
    ///
    /// ```
    /// use backstop::Request;
    ///
    /// let label: Option<&str> = None;
    /// let request = Request::post("https://api.example.com/labels").optional(label, Request::text);
    /// ```
    pub fn optional<T>(self, value: Option<T>, set: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => set(self, value),
            None => self,
        }
    }

    /// Sends the fields of a struct, the entries of a map or a sequence of pairs as a form, with the
    /// content type `application/x-www-form-urlencoded`. Values are written as in a
    /// [`query`](Request::query).
    pub fn form(self, value: &(impl Serialize + ?Sized)) -> Self {
        let mut text = String::new();
        let made = form::push_pairs(&mut text, value)
            .map(|()| text)
            .map_err(|error| error.into_error(BuildError::Body, "form"));
        self.typed_body("application/x-www-form-urlencoded", made)
    }

    /// Sends text, with the content type `text/plain; charset=utf-8`.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.typed_body("text/plain; charset=utf-8", Ok(text.into()))
    }

    /// Sends bytes or a stream. This sets no content type.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        let Body { content, length } = body.into();
        self.0.body = content;
        let content_length = length.map(HeaderValue::from);
        self.0.content_headers = ContentHeaders { content_type: None, content_length };
        self
    }

    /// Sends a `multipart/form-data` body (RFC 7578). Like a stream, it can be sent only once.
    #[cfg(feature = "multipart")]
    #[cfg_attr(docsrs, doc(cfg(feature = "multipart")))]
    pub fn multipart(mut self, form: reqwest::multipart::Form) -> Self {
        let made = multipart::body(form).map(|(body, content_headers)| {
            self.0.body = body;
            self.0.content_headers = content_headers;
        });
        self.or_mistake(made)
    }

    /// Sets the statuses that are success. The default is 200 to 299. A redirect whose status is success is
    /// not followed.
    pub fn success_statuses(mut self, statuses: &'static [RangeInclusive<u16>]) -> Self {
        self.0.success = statuses;
        self
    }

    /// Sets the timeout of the whole call, including all hops and attempts, and the body if it is buffered.
    /// `None` removes the session's timeout (30 s by default); then only an attempt timeout limits the wait
    /// for the head.
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.0.timeout = timeout.into().into();
        self
    }

    /// Sets the timeout of one attempt. `None` removes the session's timeout (none by default).
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.0.attempt_timeout = timeout.into().into();
        self
    }

    /// Sets the number of retries, or a whole [`Retry`] policy. The default is the policy of the
    /// [session](crate::SessionBuilder::retry), and a session has none by default. `0` disables retries.
    ///
    /// A request whose body can be sent only once cannot be retried: with a retry policy, it is a
    /// [`BuildError::Body`].
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.0.retry = Some(Arc::new(retry.into()));
        self
    }

    /// Sets the timeout of the wait for the next byte of the body. `None` removes the session's timeout (20 s
    /// by default).
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.0.idle_timeout = timeout.into().into();
        self
    }

    /// Sets the maximum size of the response body after decompression, in bytes. The session's default is 16
    /// MiB. A body that is [streamed](Request::streaming) is limited only if this method sets a limit.
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.0.max_body = Some(bytes);
        self
    }

    /// Sets a deadline for the call, in addition to its [timeout](Request::timeout): the earlier one applies.
    /// After the deadline, the error is [`TimeoutError::Total`](crate::TimeoutError::Total).
    ///
    /// ```
    /// use std::time::Duration;
    /// use backstop::{Deadline, Request};
    ///
    /// # fn main() {
    /// let deadline = Deadline::after(Duration::from_secs(3));
    /// let request = Request::get("https://api.example.com/users").deadline(deadline);
    /// # }
    /// ```
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.0.deadline = deadline;
        self
    }

    /// Sets the maximum number of redirects, instead of that of the
    /// [session](crate::SessionBuilder::max_redirects). With 0, a redirect is the error
    /// [`Status`](crate::ErrorKind::Status), like any other status that is not success.
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.0.max_redirects = Some(redirects);
        self
    }

    /// Reads JSON from a response with any content type, for servers that send JSON as `text/plain` or
    /// `application/octet-stream`. By default, a content type other than JSON is
    /// [`DecodeError::ContentType`](crate::DecodeError::ContentType), because such a response is often the
    /// error page of a proxy.
    pub fn any_content_type(mut self) -> Self {
        self.0.any_content_type = true;
        self
    }

    /// Keeps the span of the call open while its error is handled. [`log`](fn@crate::log) then writes in that
    /// span, and the span records whether a handler recovered from the error. The span ends when the
    /// [`Failure`](crate::expansion::Failure) that is made from the error is dropped. If there is none, it
    /// ends when the error is dropped.
    pub fn handled(mut self) -> Self {
        self.0.is_handled = true;
        self
    }

    /// Does the same as [`handled`](Request::handled), and adds an observer of this call to those of the
    /// session.
    pub fn handled_by(mut self, observer: Option<Arc<dyn Observer>>) -> Self {
        self.0.observer = observer;
        self.handled()
    }

    /// Sets how much of the body an [error](Error::body) keeps, in bytes after decompression. The session's
    /// default is 8 KiB.
    pub fn error_body(mut self, bytes: u64) -> Self {
        self.0.error_body = Some(bytes);
        self
    }

    /// Leaves the body of the response open, for [`Response::into_stream`](crate::Response::into_stream). The
    /// total timeout then applies only until the head has arrived.
    pub fn streaming(mut self, streaming: impl Into<Reads>) -> Self {
        let Reads { streaming, continued, headers, by_type } = streaming.into();
        self.0.streaming = streaming;
        self.0.is_read = by_type;
        self.0.continued |= continued;
        if !headers.is_empty() {
            self.0.default_headers = headers;
        }
        self
    }

    /// Adds a [`Continuation`](crate::Continuation) to the response. A request whose body is a stream has
    /// none, because its body cannot be sent again.
    pub fn continued(mut self, continued: bool) -> Self {
        self.0.continued = continued;
        self
    }

    /// Prepares the request for the type that will be read from the response. The type determines whether the
    /// body is buffered or left open, and whether the response has a [`Continuation`](crate::Continuation).
    ///
    /// The call then ends when [`Response::read`](crate::Response::read) has read the response. If the
    /// response cannot be read, the [`Observer`](crate::Observer) and the span of the call record a failure
    /// of the call.
    pub fn reads<T: FromResponse>(self) -> Self {
        self.streaming(Reads::of::<T>())
    }

    pub(crate) fn into_parts(self) -> Box<Parts> {
        self.0
    }

    /// Applies the options of this call, which override the settings of the request. `None` changes nothing.
    ///
    /// ```
    /// use std::time::Duration;
    /// use backstop::{CallOptions, Request};
    ///
    /// let options = CallOptions::new().timeout(Duration::from_secs(2)).header("x-trace", "7");
    /// let request = Request::get("https://api.example.com/users").with_options(&options);
    /// ```
    pub fn with_options<'a>(mut self, options: impl Into<Option<&'a CallOptions>>) -> Self {
        match options.into() {
            Some(options) => {
                let applied = options.apply(&mut self.0);
                self.or_mistake(applied)
            }
            None => self,
        }
    }

    fn optional_value<T: fmt::Display>(
        self,
        name: &'static str,
        place: Place,
        value: &Option<T>,
    ) -> Self {
        let value = value.as_ref().map(|value| value as &dyn fmt::Display);
        self.value(Value::optional(name, place, value))
    }

    fn value(mut self, value: Result<Value, Error>) -> Self {
        let value = value.map(|value| {
            let values = &mut self.0.values;
            match values.is_empty() {
                // Enough for most templates.
                true => *values = Vec::with_capacity(2),
                // The last value for a placeholder replaces those before.
                false => {
                    values.retain(|given| (given.name, given.place) != (value.name, value.place));
                }
            }
            values.push(value);
        });
        self.or_mistake(value)
    }

    fn authorization(mut self, value: Result<Option<HeaderValue>, Error>) -> Self {
        let made = value.map(|value| {
            if let Some(value) = value {
                self.0.headers.insert(names::AUTHORIZATION, value);
            }
        });
        self.or_mistake(made)
    }

    fn typed_body(
        mut self,
        content_type: &'static str,
        body: Result<impl Into<Body>, Error>,
    ) -> Self {
        let made = body.map(|body| {
            self.0.body = body.into().content;
            let content_type = Some(HeaderValue::from_static(content_type));
            self.0.content_headers = ContentHeaders { content_type, content_length: None };
        });
        self.or_mistake(made)
    }

    /// Keeps the first mistake, as later ones may follow from it.
    fn or_mistake(mut self, made: Result<(), Error>) -> Self {
        if let Err(mistake) = made {
            self.0.mistake.get_or_insert(mistake);
        }
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.0.method)
            .field("template", &crate::redact::template(self.0.template.clone()))
            .finish_non_exhaustive()
    }
}
