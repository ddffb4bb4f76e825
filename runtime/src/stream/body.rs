//! A body as the traits of the ecosystem: `Stream`, `AsyncRead` and `AsyncBufRead`.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::{
    error::{BodyError, Error, ErrorKind},
    response::BodyStream,
};

impl Stream for BodyStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_part(context).map(Result::transpose)
    }
}

impl AsyncRead for BodyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.poll_bytes(context))?;
        let length = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..length]);
        self.consume(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for BodyStream {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_mut().poll_bytes(context).map_err(io::Error::from)
    }

    fn consume(mut self: Pin<&mut Self>, length: usize) {
        (*self).consume(length);
    }
}

/// Keeps this error as the inner error, so that `io::Error::downcast` and the handlers of a function can find
/// it. The kind of the `io::Error` is the one that fits best.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout(_) => io::ErrorKind::TimedOut,
            ErrorKind::Body(BodyError::Truncated) => io::ErrorKind::UnexpectedEof,
            ErrorKind::Body(BodyError::Reset) | ErrorKind::Disconnected(_) => {
                io::ErrorKind::ConnectionReset
            }
            ErrorKind::Body(_) | ErrorKind::Decode(_) | ErrorKind::Protocol => {
                io::ErrorKind::InvalidData
            }
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
