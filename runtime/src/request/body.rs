//! The body of a request: bytes that can be sent again, or a stream that can't.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;

use super::length::ExactLength;
use crate::send_body::SendBody;

/// The body of a [`Request`](crate::Request).
///
/// Bytes and text can be sent again after a redirect that keeps the method (307, 308). A
/// stream and a [`reqwest::Body`] are sent once.
pub struct Body(pub(crate) Content);

pub(crate) enum Content {
    None,
    Bytes(Bytes),
    Stream(reqwest::Body),
    /// What could be sent once was sent.
    Consumed,
}

/// Default headers of the body, where the request has none of the name.
#[derive(Default)]
pub(crate) struct ContentHeaders {
    pub(crate) content_type: Option<HeaderValue>,
    /// Only of one whose bytes are not at hand: of the others it is known.
    pub(crate) content_length: Option<HeaderValue>,
}

impl Body {
    /// A body whose parts come from a stream. It is sent with `Transfer-Encoding: chunked`
    /// over HTTP/1.1, and cannot be sent twice.
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
        Self(Content::Stream(reqwest::Body::wrap_stream(stream)))
    }
}

impl Content {
    /// Whether it can be sent more than once.
    pub(crate) fn is_replayable(&self) -> bool {
        matches!(self, Self::None | Self::Bytes(_))
    }

    /// The same content, without what can be sent only once.
    pub(crate) fn replay(&self) -> Self {
        match self {
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::None | Self::Stream(_) | Self::Consumed => Self::None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stream(_) | Self::Consumed => false,
        }
    }

    /// Whether a `Content-Length` is that of the body, and no other spelling of it, which a server may
    /// read otherwise. A stream is held to its length as it is sent.
    pub(crate) fn has_length(&self, announced: &[u8]) -> bool {
        let announced = std::str::from_utf8(announced).ok();
        let length = announced.and_then(|text| Some((text, text.parse::<u64>().ok()?)));
        let Some((text, length)) = length else { return false };
        let expected = match self {
            Self::None => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Stream(_) | Self::Consumed => length,
        };
        length == expected && text == length.to_string()
    }

    /// The body to send now. Bytes stay for a later hop; what can be sent only once is taken, and
    /// leaves [`Content::Consumed`]; it then has to be as long as was announced.
    pub(crate) fn take(&mut self, announced: Option<u64>) -> SendBody {
        match self {
            Self::None | Self::Consumed => SendBody::None,
            // As none: its length is then said in a header.
            Self::Bytes(bytes) if bytes.is_empty() => SendBody::None,
            Self::Bytes(bytes) => SendBody::Bytes(bytes.clone()),
            Self::Stream(_) => match std::mem::replace(self, Self::Consumed) {
                Self::Stream(body) => SendBody::Stream(match announced {
                    Some(length) => reqwest::Body::wrap(ExactLength::new(body, length)),
                    None => body,
                }),
                _ => SendBody::None,
            },
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content is the caller's data: its size is all that is shown.
        match &self.0 {
            Content::None => f.write_str("Body(none)"),
            Content::Bytes(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            _ => f.write_str("Body(stream)"),
        }
    }
}

impl From<Bytes> for Body {
    fn from(value: Bytes) -> Self {
        Self(Content::Bytes(value))
    }
}

impl From<Vec<u8>> for Body {
    fn from(value: Vec<u8>) -> Self {
        Self(Content::Bytes(value.into()))
    }
}

impl From<String> for Body {
    fn from(value: String) -> Self {
        Self(Content::Bytes(value.into()))
    }
}

/// Copies the text; `Bytes::from_static` makes a body of a static one without.
impl From<&str> for Body {
    fn from(value: &str) -> Self {
        value.as_bytes().into()
    }
}

/// Copies the bytes; `Bytes::from_static` makes a body of static ones without.
impl From<&[u8]> for Body {
    fn from(value: &[u8]) -> Self {
        Self(Content::Bytes(Bytes::copy_from_slice(value)))
    }
}

impl From<reqwest::Body> for Body {
    fn from(body: reqwest::Body) -> Self {
        // A body of bytes shows them, and can then be sent again like any other.
        match body.as_bytes() {
            Some(bytes) => Self(Content::Bytes(Bytes::copy_from_slice(bytes))),
            None => Self(Content::Stream(body)),
        }
    }
}
