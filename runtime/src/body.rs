//! Bodies on the wire, whichever client carries them: the one that a hop sends, and the one that its
//! response brings.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::{
    classify,
    error::{BodyError, BoxError, Error, ErrorKind, Sent},
};

/// The body of a hop.
pub(crate) enum SendBody {
    None,
    /// Empty once it was handed over.
    Bytes(Bytes),
    Stream(reqwest::Body),
}

impl SendBody {
    pub(crate) fn into_reqwest(self) -> Option<reqwest::Body> {
        match self {
            Self::None => None,
            Self::Bytes(bytes) => Some(bytes.into()),
            // Its failure is told by its type, also behind reqwest's.
            body @ Self::Stream(_) => Some(reqwest::Body::wrap(body)),
        }
    }
}

impl Body for SendBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::None => Poll::Ready(None),
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(body) => Pin::new(body)
                .poll_frame(context)
                .map_err(|error| StreamFailed(error.into()).into()),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::None => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::None => SizeHint::with_exact(0),
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for SendBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendBody")
    }
}

/// The body that the caller streams failed. hyper hands it back within an error of its own.
#[derive(Debug)]
pub(crate) struct StreamFailed(BoxError);

impl fmt::Display for StreamFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for StreamFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// The body of a response, as it arrives.
pub(crate) enum ReceivedBody {
    Direct { body: Incoming, is_http2: bool },
    Reqwest(reqwest::Body),
}

impl ReceivedBody {
    /// The next bytes, which are never none; `None` at the end.
    pub(crate) fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let frame = match self {
                Self::Direct { body, is_http2 } => {
                    match ready!(Pin::new(&mut *body).poll_frame(context)) {
                        Some(frame) => frame.map_err(classify::received),
                        // hyper takes a stream that is reset with NO_ERROR as ended, whether its last
                        // frame had arrived or not.
                        None if *is_http2 && !body.is_end_stream() => {
                            return Poll::Ready(Some(Err(cut_short())));
                        }
                        None => return Poll::Ready(None),
                    }
                }
                Self::Reqwest(body) => match ready!(Pin::new(body).poll_frame(context)) {
                    Some(frame) => frame.map_err(classify::body),
                    None => return Poll::Ready(None),
                },
            };
            // Trailers are read, and nobody asks for them.
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) if data.is_empty() => {}
                Ok(Ok(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Err(_)) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// A body that ended before it was whole.
pub(crate) fn cut_short() -> Error {
    Error::new(ErrorKind::Body(BodyError::Truncated)).sent_at_least(Sent::Yes)
}
