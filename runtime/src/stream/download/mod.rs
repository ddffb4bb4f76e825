//! Downloads: a body that is resumed where it broke.
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

/// A body that is resumed over a new connection if it fails.
///
/// If the body fails (it is truncated, reset, or stalls for the idle timeout), the rest is requested with
/// `Range`, on the condition that the content has not changed (`If-Range`, with a strong `ETag` or an equally
/// strong `Last-Modified`). **Parts of different contents are never combined**: if the content has changed, a
/// download to a [file](Download::save) starts again, and a download that is read part by part fails with the
/// error of the body. The same happens if the server sends no validator, or a compressed body. The request
/// therefore asks for a body that is not compressed (`Accept-Encoding: identity`). After [5
/// requests](Download::retries) in a row that yield no byte, the download fails with the last error.
///
/// It implements `Stream` for the parts of the body. [`part`](Download::part) awaits the next part without
/// that trait. With the feature `fs`, [`save`](Download::save) writes a file.
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

/// The progress of a [`Download`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of bytes that have arrived, including those of an earlier run.
    pub received: u64,
    /// The length of the content in bytes, if the server sent it.
    pub total: Option<u64>,
    /// The number of times that the transfer was resumed.
    pub resumed: u32,
}

impl Download {
    /// Sets how many requests in a row may yield no byte before the download fails. The default is 5. With 0,
    /// the download is not resumed. If the server asks for a delay of more than a minute (`Retry-After`), the
    /// download fails at once.
    #[must_use]
    pub fn retries(mut self, times: u32) -> Self {
        self.transfer.max_failures = times;
        self
    }

    /// Sets a function that is called after each part. It is called while the download is polled, so it must
    /// not block.
    #[must_use]
    pub fn on_progress(mut self, progress: impl FnMut(Progress) + Send + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }

    /// The progress so far.
    pub fn progress(&self) -> Progress {
        self.transfer.progress()
    }

    /// The next part of the body, which is never empty; `None` at the end. If the future is dropped, no byte
    /// is lost.
    ///
    /// # Errors
    ///
    /// The errors of [`BodyStream::part`](crate::BodyStream::part), if the rest cannot be fetched. After an
    /// error, the download has ended.
    pub async fn part(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_part(context)).await
    }

    fn poll_part(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        // The parts that were yielded cannot be taken back, so the transfer does not start anew.
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
