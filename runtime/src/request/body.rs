//! The body of a request: bytes that can be sent again, a stream that can't, or what makes a stream anew.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::HeaderValue;

use super::length::ExactLength;
use crate::send_body::SendBody;

/// The body of a [`Request`](crate::Request).
///
/// Bytes and text can be sent again, by a retry and after a redirect that keeps the method (307, 308). A
/// stream and a `reqwest::Body` can be sent only once. A body that creates a new stream each time
/// (`from_factory`, and `file` with the feature `fs`) can be sent any number of times.
///
/// A stream of known length is sent with a `Content-Length`, and the length is checked while it is sent. A
/// stream of unknown length is sent with `Transfer-Encoding: chunked` over HTTP/1.1. If the request has the
/// header `Expect: 100-continue`, it is sent, but the client does not wait for the `100 Continue` response,
/// because hyper sends the body together with the head.
pub struct Body {
    pub(super) content: Content,
    /// The length of a stream, where it is known.
    pub(super) length: Option<u64>,
}

/// What makes the stream of a body, for each time that it is sent.
pub(crate) type Factory = Arc<dyn Fn() -> reqwest::Body + Send + Sync>;

pub(crate) enum Content {
    None,
    Bytes(Bytes),
    Stream(reqwest::Body),
    Factory(Factory),
    /// A stream that was sent.
    Consumed,
}

/// Default headers of the body, where the request has none of the name.
#[derive(Default)]
pub(crate) struct ContentHeaders {
    pub(crate) content_type: Option<HeaderValue>,
    /// Of a stream with a known length. hyper knows that of bytes.
    pub(crate) content_length: Option<HeaderValue>,
}

impl Body {
    /// Creates a body from a stream of parts. It is sent with `Transfer-Encoding: chunked` over HTTP/1.1, and
    /// cannot be sent twice.
    ///
    /// ```
    /// # use backstop::Body;
    /// # use std::{pin::Pin, task::{Context, Poll}};
    /// # struct Lines;
    /// # impl futures_core::Stream for Lines {
    /// #     type Item = Result<String, std::io::Error>;
    /// #     fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> { Poll::Ready(None) }
    /// # }
    /// # let lines = Lines;
    /// let body = Body::from_stream(lines);
    /// ```
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn from_stream<S>(stream: S) -> Self
    where
        S: futures_core::TryStream + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        Bytes: From<S::Ok>,
    {
        Content::Stream(reqwest::Body::wrap_stream(stream)).into()
    }

    /// Creates a body from a stream of this many bytes. If the stream is longer or shorter, the call fails
    /// with [`BuildError::Body`](crate::BuildError::Body). The body cannot be sent twice.
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn sized<S>(length: u64, stream: S) -> Self
    where
        S: futures_core::TryStream + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        Bytes: From<S::Ok>,
    {
        Self::from_stream(stream).with_length(length)
    }

    /// Creates a body from a function that returns a new stream each time the body is sent. The request can
    /// therefore be retried, and can follow a redirect that keeps the method. Each stream must yield the same
    /// bytes.
    ///
    /// ```
    /// # use backstop::{Body, Request};
    /// # use std::{pin::Pin, task::{Context, Poll}};
    /// # struct Export;
    /// # impl Export { fn new() -> Self { Self } }
    /// # impl futures_core::Stream for Export {
    /// #     type Item = Result<String, std::io::Error>;
    /// #     fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> { Poll::Ready(None) }
    /// # }
    /// let body = Body::from_factory(|| Export::new()).with_length(1024);
    /// let request = Request::put("https://example.com/export").body(body).retry(3);
    /// ```
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn from_factory<S>(make: impl Fn() -> S + Send + Sync + 'static) -> Self
    where
        S: futures_core::TryStream + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        Bytes: From<S::Ok>,
    {
        Content::Factory(Arc::new(move || reqwest::Body::wrap_stream(make()))).into()
    }

    /// Sets the length of a stream, in bytes. The length of a body of bytes is already known.
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    #[must_use]
    pub fn with_length(mut self, length: u64) -> Self {
        if !matches!(self.content, Content::None | Content::Bytes(_)) {
            self.length = Some(length);
        }
        self
    }

    /// Sets a function that is called with the number of bytes that the connection has accepted so far. The
    /// count starts at 0 each time the body is sent. The function must not block.
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    #[must_use]
    pub fn on_progress(self, progress: impl Fn(u64) + Send + Sync + 'static) -> Self {
        let progress: super::progress::Progress = Arc::new(progress);
        let Self { content, length } = self;
        match content {
            Content::Bytes(bytes) => Self {
                length: Some(bytes.len() as u64),
                content: Content::Factory(Arc::new(move || {
                    super::progress::slices(bytes.clone(), Arc::clone(&progress))
                })),
            },
            Content::Stream(body) => {
                Self { content: Content::Stream(super::progress::counted(body, progress)), length }
            }
            Content::Factory(make) => Self {
                content: Content::Factory(Arc::new(move || {
                    super::progress::counted(make(), Arc::clone(&progress))
                })),
                length,
            },
            content @ (Content::None | Content::Consumed) => Self { content, length },
        }
    }
}

impl From<Content> for Body {
    fn from(content: Content) -> Self {
        Self { content, length: None }
    }
}

impl Content {
    /// Whether it can be sent more than once.
    pub(crate) fn is_replayable(&self) -> bool {
        matches!(self, Self::None | Self::Bytes(_) | Self::Factory(_))
    }

    /// The same content, without what can be sent only once.
    pub(crate) fn replay(&self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::Factory(make) => Self::Factory(Arc::clone(make)),
            Self::None | Self::Stream(_) | Self::Consumed => Self::None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stream(_) | Self::Factory(_) | Self::Consumed => false,
        }
    }

    /// Its length in bytes, if it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Stream(_) | Self::Factory(_) | Self::Consumed => None,
        }
    }

    /// Whether a `Content-Length` is the length of the body, in its only safe spelling: servers differ in how
    /// they read others. A stream is checked while it is sent.
    pub(crate) fn has_length(&self, announced: &[u8]) -> bool {
        let announced = std::str::from_utf8(announced).ok();
        let length = announced.and_then(|text| Some((text, text.parse::<u64>().ok()?)));
        let Some((text, length)) = length else { return false };
        let expected = match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(_) | Self::Factory(_) | Self::Consumed => length,
        };
        length == expected && text == length.to_string()
    }

    /// The body of the next hop. Bytes are cloned; a stream is taken, which leaves [`Content::Consumed`], and
    /// must be as long as `announced`.
    pub(crate) fn take(&mut self, announced: Option<u64>) -> SendBody {
        match self {
            Self::None | Self::Consumed => SendBody::None,
            // Like no body: the length of 0 is then set as a header.
            Self::Bytes(bytes) if bytes.is_empty() => SendBody::None,
            Self::Bytes(bytes) => SendBody::Bytes(bytes.clone()),
            Self::Factory(make) => stream(make(), announced),
            Self::Stream(_) => match std::mem::replace(self, Self::Consumed) {
                Self::Stream(body) => stream(body, announced),
                _ => SendBody::None,
            },
        }
    }
}

/// A stream that has to be as long as was announced.
fn stream(body: reqwest::Body, announced: Option<u64>) -> SendBody {
    SendBody::Stream(match announced {
        Some(length) => reqwest::Body::wrap(ExactLength::new(body, length)),
        None => body,
    })
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only the size: the content may be secret.
        match &self.content {
            Content::None => f.write_str("Body(none)"),
            Content::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            _ => f.write_str("Body(stream)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(value: Bytes) -> Self {
        Content::Bytes(value).into()
    }
}

impl From<Vec<u8>> for Body {
    fn from(value: Vec<u8>) -> Self {
        Content::Bytes(value.into()).into()
    }
}

impl From<String> for Body {
    fn from(value: String) -> Self {
        Content::Bytes(value.into()).into()
    }
}

/// Copies the text. To use static text without a copy, use `Bytes::from_static`.
impl From<&str> for Body {
    fn from(value: &str) -> Self {
        value.as_bytes().into()
    }
}

/// Copies the bytes. To use static bytes without a copy, use `Bytes::from_static`.
impl From<&[u8]> for Body {
    fn from(value: &[u8]) -> Self {
        Content::Bytes(Bytes::copy_from_slice(value)).into()
    }
}

impl From<reqwest::Body> for Body {
    fn from(body: reqwest::Body) -> Self {
        // The bytes of a body that has them can be sent again.
        match body.as_bytes() {
            Some(bytes) => Content::Bytes(Bytes::copy_from_slice(bytes)).into(),
            None => Content::Stream(body).into(),
        }
    }
}
