//! A script's answer: a response, a fault, or the return value of a closure.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    body::{ScriptedBody, Step},
    recorded::{Recorded, value},
};
use crate::error::{BodyError, ErrorKind};

/// The answer of a script to a request.
///
/// ```
/// use std::time::Duration;
/// use backstop::{BodyError, testing::Reply};
///
/// let found = Reply::json(&serde_json::json!({"name": "Ada"})).header("etag", "\"7\"");
/// let missing = Reply::problem(404, "no such user");
/// let slow = Reply::text("at last").delay(Duration::from_secs(3));
/// let broken = Reply::parts(["first ", "second "]).wait(Duration::from_secs(1)).part("thi")
///     .breaks(BodyError::Reset);
/// ```
#[derive(Clone)]
pub struct Reply {
    delay: Option<Duration>,
    pub(super) head: Head,
    pub(super) what: What,
}

#[derive(Clone)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
}

#[derive(Clone)]
pub(super) enum What {
    /// A response whose body has these parts; `is_whole` if its length is declared.
    Response {
        steps: Vec<Step>,
        is_whole: bool,
    },
    /// A fault: the call fails without a response, or with a response that depends on the request.
    Fault(ErrorKind),
    /// The server reports that it did not process the request.
    NotTaken,
    /// No response.
    Silence,
    Made(Arc<dyn Fn(&Recorded) -> Reply + Send + Sync>),
}

impl Reply {
    /// 200 without a body.
    pub fn ok() -> Self {
        Self::status(200)
    }

    /// A status without a body.
    ///
    /// # Panics
    ///
    /// If it is not between 100 and 999.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        Self::of(What::Response { steps: Vec::new(), is_whole: true }).with_status(status)
    }

    /// 200 with this value as JSON, and the content type `application/json`.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[track_caller]
    pub fn json(body: &(impl Serialize + ?Sized)) -> Self {
        Self::ok().with_json(body)
    }

    /// 200 with this text, and the content type `text/plain; charset=utf-8`.
    pub fn text(text: impl Into<String>) -> Self {
        Self::ok().with_text(text)
    }

    /// 200 with these bytes, without a content type.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self::ok().with_bytes(bytes)
    }

    /// A status with a problem (RFC 9457), as `application/problem+json`. A plain string becomes its title;
    /// `type` and `status` are added unless the value has them.
    ///
    /// # Panics
    ///
    /// If the status is not between 100 and 999, or the problem is neither text nor an object.
    #[track_caller]
    pub fn problem(status: u16, problem: &(impl Serialize + ?Sized)) -> Self {
        let mut members = match value(problem) {
            Value::String(title) => json!({ "title": title }),
            members => members,
        };
        let Value::Object(object) = &mut members else {
            panic!("a problem is an object (RFC 9457), not {members}");
        };
        object.entry("type").or_insert_with(|| "about:blank".into());
        object.entry("status").or_insert_with(|| status.into());
        Self::status(status).with_json(&members).header("content-type", "application/problem+json")
    }

    /// A redirect to this `Location`.
    ///
    /// # Panics
    ///
    /// If the status is not between 100 and 999, or the location is not valid in a header.
    #[track_caller]
    pub fn redirect(status: u16, location: impl AsRef<str>) -> Self {
        Self::status(status).header("location", location)
    }

    /// 200 with a body that arrives in these parts, and whose length is not declared. See
    /// [`part`](Reply::part), [`wait`](Reply::wait), [`trailer`](Reply::trailer), [`breaks`](Reply::breaks)
    /// and [`stalls`](Reply::stalls) for other steps of a body.
    pub fn parts<P: Into<Bytes>>(parts: impl IntoIterator<Item = P>) -> Self {
        let steps = parts.into_iter().map(|part| Step::Data(part.into())).collect();
        Self::of(What::Response { steps, is_whole: false })
    }

    /// The call fails with an error of this kind, exactly as a real failure would. See the
    /// [module](super#faults) for how each fault is produced.
    pub fn fault(kind: impl Into<ErrorKind>) -> Self {
        super::fault::reply(kind.into())
    }

    /// The server reports that it did not process the request, as HTTP/2's `REFUSED_STREAM` does. The request
    /// is sent again immediately, and the script receives it again. After five more refusals the call fails
    /// with [`Unsent`](crate::DisconnectedError::Unsent).
    pub fn not_taken() -> Self {
        Self::of(What::NotTaken)
    }

    /// No response: the first timer of the call that expires ends it. Under `tokio::time::pause` that takes
    /// no time.
    pub fn silence() -> Self {
        Self::of(What::Silence)
    }

    /// The closure's return value for each request.
    pub fn with(make: impl Fn(&Recorded) -> Reply + Send + Sync + 'static) -> Self {
        Self::of(What::Made(Arc::new(make)))
    }

    pub(super) fn of(what: What) -> Self {
        let head =
            Head { status: StatusCode::OK, version: Version::HTTP_11, headers: HeaderMap::new() };
        Self { delay: None, head, what }
    }

    /// Sets the status.
    ///
    /// # Panics
    ///
    /// If it is not between 100 and 999.
    #[must_use]
    #[track_caller]
    pub fn with_status(mut self, status: u16) -> Self {
        self.head.status = match StatusCode::from_u16(status) {
            Ok(status) => status,
            Err(_) => panic!("{status} is not a status: a status is between 100 and 999"),
        };
        self
    }

    /// Sets the body to this JSON. The content type is `application/json`, unless a header sets another.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[must_use]
    #[track_caller]
    pub fn with_json(self, body: &(impl Serialize + ?Sized)) -> Self {
        self.typed(value(body).to_string().into(), "application/json")
    }

    /// Sets the body to this text. The content type is `text/plain; charset=utf-8`, unless a header sets
    /// another.
    #[must_use]
    pub fn with_text(self, text: impl Into<String>) -> Self {
        self.typed(text.into().into(), "text/plain; charset=utf-8")
    }

    /// Sets the body to these bytes.
    #[must_use]
    pub fn with_bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.what = What::Response { steps: vec![Step::Data(bytes.into())], is_whole: true };
        self
    }

    fn typed(mut self, body: Bytes, content_type: &'static str) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        self.head.headers.entry(header::CONTENT_TYPE).or_insert(content_type);
        self.with_bytes(body)
    }

    /// Sets a header, replacing one with this name; `set-cookie` is added instead.
    ///
    /// # Panics
    ///
    /// If the name or the value is not that of a header.
    #[must_use]
    #[track_caller]
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
            panic!("`{name}` is not a valid header name");
        };
        let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else {
            panic!("`{value}` is not a valid header value");
        };
        if name == header::SET_COOKIE {
            self.head.headers.append(name, value);
        } else {
            self.head.headers.insert(name, value);
        }
        self
    }

    /// Sets the version of HTTP; 1.1 by default.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.head.version = version;
        self
    }

    /// Delays the head of the response, or the fault, on tokio's clock.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(self.delay.unwrap_or_default() + delay);
        self
    }

    /// Adds a part to the body, which is then streamed: its length is not declared.
    #[must_use]
    pub fn part(self, part: impl Into<Bytes>) -> Self {
        self.step(Step::Data(part.into()))
    }

    /// Adds a pause to the body, on tokio's clock.
    #[must_use]
    pub fn wait(self, wait: Duration) -> Self {
        self.step(Step::Wait(wait))
    }

    /// Adds a trailer, which ends the body.
    ///
    /// # Panics
    ///
    /// If the name or the value is not that of a header.
    #[must_use]
    #[track_caller]
    pub fn trailer(self, name: &str, value: &str) -> Self {
        let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        else {
            panic!("`{name}: {value}` is not a valid header");
        };
        self.step(Step::Trailers(HeaderMap::from_iter([(name, value)])))
    }

    /// Ends the body here with this error.
    #[must_use]
    pub fn breaks(self, leaf: BodyError) -> Self {
        self.step(Step::Break(ErrorKind::Body(leaf)))
    }

    /// Stalls the body here, until a timer of the call ends it.
    #[must_use]
    pub fn stalls(self) -> Self {
        self.step(Step::Stall)
    }

    pub(super) fn step(mut self, step: Step) -> Self {
        let mut steps = match self.what {
            What::Response { steps, .. } => steps,
            _ => Vec::new(),
        };
        steps.push(step);
        self.what = What::Response { steps, is_whole: false };
        self
    }

    /// Whether the body ends with this error.
    #[cfg(feature = "testing-server")]
    pub(super) fn breaks_by(&self, leaf: BodyError) -> bool {
        let What::Response { steps, .. } = &self.what else { return false };
        steps.iter().any(|step| matches!(step, Step::Break(kind) if *kind == ErrorKind::Body(leaf)))
    }

    /// The reply to this request, and its delay. It is no closure.
    pub(super) fn settle(self, request: &Recorded) -> (Duration, Self) {
        let mut delay = self.delay.unwrap_or_default();
        let mut reply = self;
        // A closure may return a reply that is another closure.
        while let What::Made(make) = &reply.what {
            reply = make(request);
            delay += reply.delay.unwrap_or_default();
        }
        (delay, reply)
    }

    /// The response of a reply that has one.
    pub(super) fn into_response(self, request: &Recorded) -> http::Response<ScriptedBody> {
        let Self { head: Head { status, version, mut headers }, what, .. } = self;
        let (steps, is_whole) = match what {
            What::Response { steps, is_whole } => (steps, is_whole),
            _ => (Vec::new(), true),
        };
        // RFC 9110 §6.4.1: these responses have no body, whatever the headers say.
        let is_bodiless = status.is_informational()
            || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        if is_whole && !is_bodiless {
            let length: usize = steps.iter().map(Step::length).sum();
            headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        let has_body = !is_bodiless && request.method() != http::Method::HEAD;
        let body = ScriptedBody::new(if has_body { steps } else { Vec::new() });
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.version_mut() = version;
        *response.headers_mut() = headers;
        response
    }
}

/// 200 with this text, as [`Reply::text`].
impl From<&str> for Reply {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// 200 with this JSON, as [`Reply::json`].
impl From<Value> for Reply {
    fn from(body: Value) -> Self {
        Self::json(&body)
    }
}

/// The fault of this kind, as [`Reply::fault`].
impl From<ErrorKind> for Reply {
    fn from(kind: ErrorKind) -> Self {
        Self::fault(kind)
    }
}

/// A response that was built by hand.
impl<B: Into<Bytes>> From<http::Response<B>> for Reply {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        let mut reply = Self::bytes(body);
        reply.head = Head { status: parts.status, version: parts.version, headers: parts.headers };
        reply
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Response { .. } => write!(f, "Reply({})", self.head.status),
            What::Fault(kind) => write!(f, "Reply({})", kind.name()),
            What::NotTaken => f.write_str("Reply(not taken)"),
            What::Silence => f.write_str("Reply(silence)"),
            What::Made(_) => f.write_str("Reply(closure)"),
        }
    }
}
