//! Responses: the head, and a body that is buffered or open.

#[cfg(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd"))]
mod coding;
#[cfg(not(any(feature = "brotli", feature = "deflate", feature = "gzip", feature = "zstd")))]
#[path = "coding/none.rs"]
mod coding;
mod facts;
mod from_response;
mod payload;
mod read;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version, header};
use serde::de::DeserializeOwned;
use tracing::Span;
use url::Url;

pub(crate) use self::{
    coding::request_codings,
    from_response::{read_head, read_with},
    payload::Payload,
    read::{Body, Received, status_error, whole},
};
pub use self::{
    facts::Facts,
    from_response::{FromResponse, FromResponseParts, Json, Reads, read},
    stream::BodyStream,
};
use crate::{
    deadline::Deadline,
    decode,
    error::{BodyError, BuildError, CallFacts, DecodeError, Error, ErrorKind, Hop, Sent},
};

/// A successful response. Its body is buffered, unless the request was
/// [streaming](crate::Request::streaming).
///
/// The errors of its methods have the facts of the call: method, URL, status, headers and the start of the
/// body. Your own reader can build such an error with [`error`](Response::error).
pub struct Response(Arc<Parts>);

/// The parts of a response, shared with the error of a reader, which takes the response.
pub(crate) struct Parts {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
    body: Content,
    url: Url,
    /// Empty where no redirect was followed.
    redirects: Vec<Hop>,
    elapsed: Duration,
    facts: CallFacts,
    /// What goes on after the response, which does not know it.
    extension: Option<Extension>,
}

type Extension = Arc<dyn Any + Send + Sync>;

enum Content {
    Whole(Bytes),
    /// None once it was taken.
    Open(Mutex<Option<BodyStream>>),
}

impl Response {
    pub(crate) fn new(received: Received, url: Url, redirects: Vec<Hop>, facts: CallFacts) -> Self {
        let Received { status, version, headers, body, .. } = received;
        let elapsed = facts.start.elapsed();
        let body = match body {
            Body::Whole(bytes) => Content::Whole(bytes),
            Body::Open(stream) => Content::Open(Mutex::new(Some(stream))),
        };
        Self(Arc::new(Parts {
            status,
            version,
            headers,
            body,
            url,
            redirects,
            elapsed,
            facts,
            extension: None,
        }))
    }

    /// Creates an error of this kind with the facts of the call: method, URL, status, headers, the start of
    /// the body, attempts and duration. Use it in a reader for another format:
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
    ///             false => Err(response
    ///                 .error(ErrorKind::Decode(DecodeError::Syntax))
    ///                 .with_source("line 1: expected `<`")),
    ///         }
    ///     }
    /// }
    /// ```
    pub fn error(&self, kind: ErrorKind) -> Error {
        self.0.describe(Error::new(kind))
    }

    /// Keeps something with the response. It has to be this handle's alone, as it is at first.
    pub(crate) fn set_extension(&mut self, extension: Extension) {
        if let Some(parts) = Arc::get_mut(&mut self.0) {
            parts.extension = Some(extension);
        }
    }

    pub(crate) fn extension<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.extension.clone()?.downcast().ok()
    }

    /// Whether the bytes that are read are not those that arrive, or not the content itself.
    #[cfg(feature = "stream")]
    pub(crate) fn is_coded(&self) -> bool {
        let is_decoded = match &self.0.body {
            Content::Whole(_) => false,
            Content::Open(stream) => {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
                stream.as_ref().is_some_and(BodyStream::is_decoded)
            }
        };
        is_decoded || !is_plain(self.headers())
    }

    /// Adds the facts of the call to an error without facts.
    #[cfg(feature = "stream")]
    pub(crate) fn describe(&self, error: Error) -> Error {
        self.0.describe(error)
    }

    /// The facts for the error of a reader, which takes the response.
    pub(crate) fn parts(&self) -> Arc<Parts> {
        Arc::clone(&self.0)
    }

    /// Ends the span of the call, if it is still open.
    pub(crate) fn end_span(&self) {
        if let Some(observed) = &self.0.facts.observed {
            observed.end();
        }
    }

    /// The span of the call, if it is still open.
    pub(crate) fn span(&self) -> Option<Span> {
        self.0.facts.observed.as_ref()?.span()
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Whether the status means that there is no body: 204, 205 and 304 (RFC 9110, sections 15.3.5, 15.3.6
    /// and 15.4.5).
    pub(crate) fn has_no_content(&self) -> bool {
        const STATUSES: [StatusCode; 3] =
            [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
        STATUSES.contains(&self.status())
    }

    /// The HTTP version of the response.
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// The headers. If the body was decompressed, the headers that describe its encoding are removed.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The URL of the response: the last one after redirects, without a fragment.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// The number of attempts: 1 without a retry.
    pub fn attempts(&self) -> u32 {
        self.0.facts.attempts
    }

    /// The time from the start of the call until the response arrived, including all attempts. It includes
    /// the body, unless the body is left open.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed
    }

    /// The hops of the last attempt, in order: each redirect that was followed, and finally this response.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), backstop::Error> {
    /// # use backstop::{Request, Session};
    /// let response = Session::shared().fetch(Request::get("https://example.com/old")).await?;
    /// for hop in response.history() {
    ///     println!("{} {}", hop.status(), hop.url());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn history(&self) -> Vec<Hop> {
        self.0.history()
    }

    /// The deadline of the call. Calls that are made in its [scope](Deadline::scope) have only the remaining
    /// time. If the body is left open, or if the response has a [`Continuation`](crate::Continuation), there
    /// is no limit.
    pub fn deadline(&self) -> Deadline {
        match self.0.body {
            // What goes on after it has calls of its own.
            _ if self.0.extension.is_some() => Deadline::NONE,
            Content::Whole(_) => self.0.facts.deadline,
            Content::Open(_) => Deadline::NONE,
        }
    }

    /// The media type of the body, without parameters and in lower case: `application/json`.
    pub fn content_type(&self) -> Option<String> {
        self.media_type().map(str::to_ascii_lowercase)
    }

    /// The media type as the server wrote it.
    fn media_type(&self) -> Option<&str> {
        let value = self.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
        let essence = value.split(';').next().unwrap_or(value).trim();
        (!essence.is_empty()).then_some(essence)
    }

    /// The body.
    ///
    /// # Errors
    ///
    /// [`BuildError::Body`] if the body was left open. Read such a body with
    /// [`into_stream`](Response::into_stream).
    pub fn bytes(&self) -> Result<&Bytes, Error> {
        match &self.0.body {
            Content::Whole(bytes) => Ok(bytes),
            Content::Open(_) => Err(self.0.describe(Error::build(
                BuildError::Body,
                "the response was left open: read it with `into_stream`",
            ))),
        }
    }

    /// The body as text, in the charset of its content type, which is UTF-8 by default. A byte order mark is
    /// removed.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Charset`] if the body is not text in that charset, or if the charset is not supported.
    /// Without the feature `charset`, only UTF-8, ASCII and ISO-8859-1 are supported.
    pub fn text(&self) -> Result<String, Error> {
        let content_type = self.headers().get(header::CONTENT_TYPE);
        decode::text(self.decompressed()?, content_type).map_err(|error| self.0.describe(error))
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// [`DecodeError::ContentType`] if the content type is not `application/json`, `text/json` or `…+json`,
    /// unless the request accepts [any content type](crate::Request::any_content_type). A response without a
    /// content type is accepted. [`DecodeError::Syntax`] if the body is empty or not JSON.
    /// [`DecodeError::Shape`] if a value does not match the type; the error has the
    /// [path](Error::decode_path) of that value. [`DecodeError::Charset`] if the body is not UTF-8, which
    /// JSON requires (RFC 8259 §8.1). A body in another charset that extends ASCII is read if the content
    /// type names that charset. UTF-16 is not supported.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        // Only the call of serde_json is generic, so that the rest is compiled once.
        let mut body = Cow::Borrowed(self.json_body()?);
        loop {
            match serde_json::from_slice(&body) {
                Ok(value) => return Ok(value),
                Err(error) => body = self.recoded(body, error)?,
            }
        }
    }

    /// Reads the response as any type that implements [`FromResponse`].
    ///
    /// # Errors
    ///
    /// The error of the type's [`from_response`](FromResponse::from_response). If it has no facts of a call,
    /// the facts of this call are added.
    pub fn read<T: FromResponse>(self) -> Result<T, Error> {
        read(Ok(self))
    }

    /// The body as it arrives, or in one part if it is already buffered.
    pub fn into_stream(self) -> BodyStream {
        match &self.0.body {
            Content::Whole(bytes) => BodyStream::whole(bytes.clone()).with_response(self.0),
            Content::Open(stream) => {
                let stream = stream.lock().unwrap_or_else(PoisonError::into_inner).take();
                match stream {
                    Some(stream) => stream.with_response(self.0),
                    // Not reached: only the facts of a response are shared, not its body.
                    None => BodyStream::whole(Bytes::new()),
                }
            }
        }
    }

    /// The body, unless its content type is another than JSON.
    fn json_body(&self) -> Result<&[u8], Error> {
        let body = decode::without_mark(self.decompressed()?);
        let Some(content_type) = self.headers().get(header::CONTENT_TYPE) else { return Ok(body) };
        // The usual spelling.
        if content_type == "application/json" || self.0.facts.any_content_type {
            return Ok(body);
        }
        match self.media_type() {
            None => {
                let error = Error::new(ErrorKind::Decode(DecodeError::ContentType));
                Err(self.0.describe(error.with_detail("it is malformed")))
            }
            Some(found) if !is_json(found) => {
                let error = Error::new(ErrorKind::Decode(DecodeError::ContentType));
                // Only a valid media type is repeated.
                let shown = found.bytes().all(|byte| byte.is_ascii_graphic()) && found.len() < 100;
                let found = if shown { found } else { "malformed" };
                Err(self.0.describe(error.with_detail(format!("it is `{found}`, and not JSON"))))
            }
            _ => Ok(body),
        }
    }

    /// Converts JSON that could not be read to UTF-8, if its charset was the reason.
    #[cold]
    fn recoded(
        &self,
        body: Cow<'_, [u8]>,
        error: serde_json::Error,
    ) -> Result<Cow<'_, [u8]>, Error> {
        let content_type = self.headers().get(header::CONTENT_TYPE);
        if decode::is_wide(&body, content_type) {
            let error = Error::new(ErrorKind::Decode(DecodeError::Charset));
            return Err(self
                .0
                .describe(error.with_detail("JSON is UTF-8, and not UTF-16 or UTF-32")));
        }
        let error = decode::json_error(&error, &body);
        match body {
            Cow::Borrowed(_) if error.kind() == ErrorKind::Decode(DecodeError::Charset) => {
                Ok(Cow::Owned(self.text()?.into()))
            }
            _ => Err(self.0.describe(error)),
        }
    }

    /// The body, unless it is still compressed, as the headers then say.
    fn decompressed(&self) -> Result<&Bytes, Error> {
        let body = self.bytes()?;
        match is_plain(self.headers()) || body.is_empty() {
            true => Ok(body),
            false => Err(self.0.describe(still_compressed())),
        }
    }

    /// The body as it arrives, for text: it must not be compressed any more.
    #[cfg(feature = "stream")]
    pub(crate) fn into_plain_stream(self) -> Result<BodyStream, Error> {
        match is_plain(self.headers()) {
            true => Ok(self.into_stream()),
            false => Err(self.0.describe(still_compressed())),
        }
    }

    pub(crate) fn into_bytes(self) -> Result<Bytes, Error> {
        self.bytes().cloned()
    }

    pub(crate) fn into_headers(self) -> HeaderMap {
        match Arc::try_unwrap(self.0) {
            Ok(parts) => parts.headers,
            Err(shared) => shared.headers.clone(),
        }
    }
}

impl Parts {
    fn history(&self) -> Vec<Hop> {
        let last = Hop::new(self.url.clone(), self.status);
        self.redirects.iter().cloned().chain([last]).collect()
    }

    /// Tells how the call ended, with this error or without one, if that was left to the reader.
    pub(crate) fn was_read(&self, error: Option<&Error>) {
        if let Some(observed) = &self.facts.observed {
            observed.was_read(error);
        }
    }

    /// Adds the facts of the response to the error of a reader, except those that it has already. An error with
    /// the facts of a call is left as it is.
    #[cold]
    pub(crate) fn describe(&self, mut error: Error) -> Error {
        if error.method().is_some() {
            return error;
        }
        if error.status().is_none() {
            error = error.with_status(self.status);
        }
        if error.headers().is_empty() {
            error = error.with_headers(self.headers.clone());
        }
        if let Content::Whole(body) = &self.body
            && error.body().is_empty()
        {
            // A copy: the error may outlive a body that is much longer.
            let start = Bytes::copy_from_slice(&body[..body.len().min(self.facts.error_body)]);
            let is_cut = start.len() < body.len();
            error = error.with_start_of_body(start, is_cut);
        }
        if error.history().is_empty() {
            error = error.with_history(&self.history());
        }
        error.or_url(&self.url).sent_at_least(Sent::Yes).with_call_facts(&self.facts)
    }
}

/// Whether the headers say of no coding that has not been undone.
fn is_plain(headers: &HeaderMap) -> bool {
    if !headers.contains_key(header::CONTENT_ENCODING) {
        return true;
    }
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn still_compressed() -> Error {
    Error::new(ErrorKind::Body(BodyError::Decompress))
        .with_detail("its content encoding is not one that the client undoes")
}

/// Whether a media type is JSON, also by its suffix (RFC 6839 §3.1).
fn is_json(media_type: &str) -> bool {
    let suffix = media_type.len().checked_sub("+json".len()).and_then(|at| media_type.get(at..));
    media_type.eq_ignore_ascii_case("application/json")
        || media_type.eq_ignore_ascii_case("text/json")
        || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and body may be secret.
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("version", &self.version())
            .field("url", &crate::redact::url(self.url()).as_str())
            .finish_non_exhaustive()
    }
}
