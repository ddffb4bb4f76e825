//! Holds a streamed body to the `Content-Length` of its request.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame};

/// Fails if the body is longer or shorter than announced. hyper would send the first part of a longer one as
/// the whole.
pub(super) struct ExactLength {
    body: reqwest::Body,
    left: u64,
    /// The frame that completes the body, held back until the stream ends.
    last: Option<Frame<Bytes>>,
}

impl ExactLength {
    pub(super) fn new(body: reqwest::Body, length: u64) -> Self {
        Self { body, left: length, last: None }
    }
}

impl Body for ExactLength {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => {
                    return Poll::Ready(match (self.last.take(), self.left) {
                        (Some(last), _) => Some(Ok(last)),
                        (None, 0) => None,
                        (None, _) => Some(Err(Mismatch.into())),
                    });
                }
            };
            let Some(data) = frame.data_ref() else { return Poll::Ready(Some(Ok(frame))) };
            if data.is_empty() {
                continue;
            }
            let Some(left) = self.left.checked_sub(data.len() as u64) else {
                return Poll::Ready(Some(Err(Mismatch.into())));
            };
            self.left = left;
            match left {
                0 => self.last = Some(frame),
                _ => return Poll::Ready(Some(Ok(frame))),
            }
        }
    }
}

#[derive(Debug)]
struct Mismatch;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body is not as long as `content-length` says")
    }
}

impl std::error::Error for Mismatch {}
