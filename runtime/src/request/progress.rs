//! Bodies that say how many of their bytes were taken.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// What is called with the number of bytes so far.
pub(super) type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// How many bytes are handed on at a time.
const SLICE: usize = 64 * 1024;

/// The same body, counted.
pub(super) fn counted(body: reqwest::Body, progress: Progress) -> reqwest::Body {
    reqwest::Body::wrap(Counted { body, sent: 0, progress })
}

/// Bytes, in slices that are counted.
pub(super) fn slices(bytes: Bytes, progress: Progress) -> reqwest::Body {
    reqwest::Body::wrap(Counted { body: Slices(bytes), sent: 0, progress })
}

struct Counted<B> {
    body: B,
    sent: u64,
    progress: Progress,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Counted<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.sent += data.len() as u64;
            (self.progress)(self.sent);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct Slices(Bytes);

impl Body for Slices {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.0.len().min(SLICE);
        Poll::Ready(Some(Ok(Frame::data(self.0.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}
