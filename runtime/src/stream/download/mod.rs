//! Downloads: a body that is taken up again where it broke.
//!
//! ```text
//! body ─► part
//!   └─ broken ─► wait ─ Continuation, Range, If-Range ─► 206: the rest │ 200: anew │ 416: whole
//! ```

mod entity;
#[cfg(feature = "fs")]
mod save;
mod transfer;

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;

use self::transfer::{Piece, Transfer};
use crate::{
    error::Error,
    response::{FromResponse, Response},
};

/// A body that survives its connection.
///
/// When it breaks (cut short, reset, stalled for the idle timeout), the rest is asked for by `Range`, on the
/// condition that the content is still the same (`If-Range`, by a strong `ETag`, or a `Last-Modified` that is
/// as strong). **Parts of two contents are never mixed**: if it has changed meanwhile, a download to a
/// [file](Download::save) starts anew, and one that is read fails with the error that broke it. The same if
/// the server sends neither, or a compressed body: it is asked for one that is not (`Accept-Encoding:
/// identity`). It gives up after [5 tries](Download::retries) in a row without a byte, with the last error.
///
/// It is a `Stream` of the parts of the body; [`part`](Download::part) awaits the next one without that, and
/// with the feature `fs` [`save`](Download::save) writes a file.
///
/// ```no_run
/// use backstop::{Download, Error, request};
///
/// #[request(get = "https://example.com/images/{name}.iso", timeout(idle = 10s))]
/// async fn image(name: &str) -> Result<Download, Error>;
///
/// # async fn example() -> Result<(), Error> {
/// let mut image = image("disk").await?;
/// let mut size = 0;
/// while let Some(part) = image.part().await? {
///     size += part.len();
/// }
/// # Ok(())
/// # }
/// ```
pub struct Download {
    transfer: Transfer,
    progress: Option<Box<dyn FnMut(Progress) + Send>>,
}

/// How far a [`Download`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many bytes there are, those of an earlier run included.
    pub received: u64,
    /// How many there will be, if the server says so.
    pub total: Option<u64>,
    /// How often the transfer was taken up again.
    pub resumed: u32,
}

impl Download {
    /// How often in a row the rest may be asked for without a byte of it, until the download gives up; 5 by
    /// default. With 0, nothing is asked for again. A server that asks for a wait of more than a minute
    /// (`Retry-After`) ends it at once.
    #[must_use]
    pub fn retries(mut self, times: u32) -> Self {
        self.transfer.max_failures = times;
        self
    }

    /// Calls this after each part. It runs where the download is polled, and must not block.
    #[must_use]
    pub fn on_progress(mut self, progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.transfer.progress()
    }

    /// The next part of the body, which is never empty; `None` at the end. A future of it that is dropped
    /// has taken nothing.
    ///
    /// # Errors
    ///
    /// As [`BodyStream::part`](crate::BodyStream::part), if the rest cannot be had. Then the download is at
    /// its end.
    pub async fn part(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_part(context)).await
    }

    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        // What was handed out cannot be taken back: a transfer that may not start anew yields data alone.
        match ready!(self.poll_piece(context))? {
            Some(Piece::Data(data)) => Poll::Ready(Ok(Some(data))),
            Some(Piece::Restart) | None => Poll::Ready(Ok(None)),
        }
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Piece>, Error>> {
        let piece = ready!(self.transfer.poll_piece(context))?;
        if let (Some(_), Some(progress)) = (&piece, &mut self.progress) {
            progress(self.transfer.progress());
        }
        Poll::Ready(Ok(piece))
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_part(context).map(Result::transpose)
    }
}

impl FromResponse for Download {
    const STREAMING: bool = true;
    const CONTINUED: bool = true;
    const HEADERS: &'static [(&'static str, &'static str)] = &[("accept-encoding", "identity")];

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(Self { transfer: Transfer::new(response), progress: None })
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("progress", &self.progress()).finish_non_exhaustive()
    }
}
