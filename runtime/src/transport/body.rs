//! The body of a response as it arrives, whichever client receives it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::{
    classify,
    error::{BodyError, Error, ErrorKind, Sent},
};

/// A body that is still to be read.
pub(crate) enum ReceivedBody {
    Direct {
        body: Incoming,
        is_http2: bool,
    },
    Reqwest(reqwest::Body),
    #[cfg(feature = "testing")]
    StandIn(super::StandInBody),
}

impl ReceivedBody {
    /// The next bytes, never empty; `None` at the end.
    pub(crate) fn poll_data(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let frame = match self {
                Self::Direct { body, is_http2 } => {
                    match ready!(Pin::new(&mut *body).poll_frame(context)) {
                        Some(frame) => frame.map_err(classify::received),
                        // hyper treats a stream that was reset with NO_ERROR as complete, even before its
                        // last frame.
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
                #[cfg(feature = "testing")]
                Self::StandIn(body) => match ready!(body.as_mut().poll_frame(context)) {
                    Some(frame) => frame,
                    None => return Poll::Ready(None),
                },
            };
            // Trailers are dropped.
            match frame.map(Frame::into_data) {
                Ok(Ok(data)) if data.is_empty() => {}
                Ok(Ok(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Err(_)) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl ReceivedBody {
    pub(super) fn is_end_stream(&self) -> bool {
        match self {
            Self::Direct { body, .. } => body.is_end_stream(),
            Self::Reqwest(body) => body.is_end_stream(),
            #[cfg(feature = "testing")]
            Self::StandIn(body) => body.is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Self::Direct { body, .. } => body.size_hint(),
            Self::Reqwest(body) => body.size_hint(),
            #[cfg(feature = "testing")]
            Self::StandIn(body) => body.size_hint(),
        }
    }
}

/// The error of a body that ended before its declared length.
pub(crate) fn cut_short() -> Error {
    Error::new(ErrorKind::Body(BodyError::Truncated)).sent_at_least(Sent::Yes)
}
