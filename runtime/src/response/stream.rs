//! A response's body as a stream.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use tokio::{runtime::Handle, time::timeout};

use super::{Parts, payload::Payload, read::too_large};
use crate::{error::Error, timers::IdleTimer};

/// The body of a response, decompressed and read as it arrives.
///
/// Each part must arrive within the idle timeout, which runs only while the reader waits for a part. A slow
/// reader therefore does not cause a timeout, and unread bytes stay in the connection. Dropping the stream
/// before its end closes the connection, unless little of the body is left: the rest is then read and
/// discarded, and the connection is kept.
///
/// With the feature `stream`, it implements `futures_core::Stream` for its parts, and `tokio::io::AsyncRead`
/// and `AsyncBufRead` for its bytes. The `io::Error`s of these traits contain the [`Error`] of the body.
///
/// ```no_run
/// use backstop::{BodyStream, Error, request};
///
/// #[request(get = "https://example.com/archive/{name}")]
/// async fn size_of(name: &str, #[response] mut body: BodyStream) -> Result<usize, Error> {
///     let mut size = 0;
///     while let Some(part) = body.part().await? {
///         size += part.len();
///     }
///     Ok(size)
/// }
/// ```
pub struct BodyStream {
    source: Source,
    /// The rest of a partly consumed part.
    rest: Bytes,
    /// The facts of the response for errors. None for a buffered body, which cannot fail.
    response: Option<Arc<Parts>>,
}

enum Source {
    Open(Box<Open>),
    /// A buffered body; empty at the end.
    Whole(Bytes),
}

/// A body that is still to be read.
struct Open {
    /// None once this is dropped.
    payload: Option<Payload>,
    idle: IdleTimer,
    limit: Option<u64>,
    read: u64,
}

impl BodyStream {
    pub(crate) fn new(payload: Payload, idle: IdleTimer, limit: Option<u64>) -> Self {
        let open = Open { payload: Some(payload), idle, limit, read: 0 };
        Self { source: Source::Open(Box::new(open)), rest: Bytes::new(), response: None }
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { source: Source::Whole(bytes), rest: Bytes::new(), response: None }
    }

    pub(super) fn with_response(mut self, response: Arc<Parts>) -> Self {
        self.response = Some(response);
        self
    }

    /// The next part, which is never empty; `None` at the end. If the future is dropped, no byte is lost.
    ///
    /// # Errors
    ///
    /// [`Body`](crate::ErrorKind::Body) if the body is truncated, malformed, or larger than the
    /// [`max_body`](crate::Request::max_body) of the request, and
    /// [`TimeoutError::Idle`](crate::TimeoutError::Idle) if no part arrives in time. After an error, the body
    /// has ended.
    pub async fn part(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_part(context)).await
    }

    /// Polls for the next part.
    pub fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.rest))));
        }
        loop {
            match ready!(self.source.poll_next(context)) {
                Ok(Some(part)) if part.is_empty() => {}
                Ok(part) => return Poll::Ready(Ok(part)),
                Err(error) => {
                    self.source = Source::Whole(Bytes::new());
                    return Poll::Ready(Err(self.describe(error)));
                }
            }
        }
    }

    /// The bytes that can be read now, empty only at the end. They stay until they are
    /// [consumed](BodyStream::consume).
    #[cfg(feature = "stream")]
    pub(crate) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Result<&[u8], Error>> {
        if self.rest.is_empty() {
            self.rest = ready!(self.poll_part(context))?.unwrap_or_default();
        }
        Poll::Ready(Ok(&self.rest))
    }

    #[cfg(feature = "stream")]
    pub(crate) fn consume(&mut self, length: usize) {
        bytes::Buf::advance(&mut self.rest, length);
    }

    /// Whether a content coding is undone as it is read.
    #[cfg(feature = "stream")]
    pub(crate) fn is_decoded(&self) -> bool {
        matches!(&self.source, Source::Open(open) if open.payload.as_ref().is_some_and(Payload::is_decoded))
    }

    /// The headers of the response.
    #[cfg(feature = "stream")]
    pub(crate) fn headers(&self) -> Option<&http::HeaderMap> {
        self.response.as_ref().map(|response| &response.headers)
    }

    /// Adds the facts of the call to an error of a reader.
    pub(crate) fn describe(&self, error: Error) -> Error {
        match &self.response {
            Some(response) => response.describe(error),
            None => error,
        }
    }
}

impl Source {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(Ok(None)),
            Self::Whole(bytes) => Poll::Ready(Ok(Some(std::mem::take(bytes)))),
            // The idle timer needs a runtime.
            Self::Open(_) if Handle::try_current().is_err() => {
                Poll::Ready(Err(Error::no_runtime()))
            }
            Self::Open(open) => open.poll_next(context),
        }
    }
}

impl Open {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let Some(payload) = &mut self.payload else { return Poll::Ready(Ok(None)) };
        let part = ready!(payload.poll_part(context, &mut self.idle))?;
        self.read += part.as_ref().map_or(0, |part| part.len() as u64);
        Poll::Ready(match self.limit {
            Some(limit) if self.read > limit => Err(too_large(limit)),
            _ => Ok(part),
        })
    }
}

/// How much of a body is read though nobody wants it, in bytes: its connection can then be used again.
const LITTLE: u64 = 64 * 1024;

/// How long that may take.
const A_MOMENT: Duration = Duration::from_secs(1);

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(mut payload) = self.payload.take()
            && payload.is_near_end(LITTLE)
            && let Ok(runtime) = Handle::try_current()
        {
            let mut timer = self.idle.again();
            runtime.spawn(timeout(A_MOMENT, async move {
                while let Ok(Some(_)) =
                    poll_fn(|context| payload.poll_part(context, &mut timer)).await
                {
                }
            }));
        }
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyStream")
    }
}
