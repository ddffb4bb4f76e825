//! The lines of a text.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use http::header;

use super::{DEFAULT_MAX_LINE, split::LineReader};
use crate::{
    decode::LineCharset,
    error::Error,
    response::{BodyStream, FromResponse, Response},
};

/// The lines of a text, read as they arrive, without their line endings (LF or CRLF).
///
/// The text is read in the charset of its content type, which is UTF-8 by default. A byte order mark at its
/// start is removed. The last line needs no line ending. A line can have at most 1 MiB, unless
/// [`max_line`](Lines::max_line) sets another limit. At most one line and one part of the body are in memory.
///
/// It implements `Stream`; [`line`](Lines::line) awaits the next line without that trait.
///
/// ```no_run
/// use backstop::{Error, Lines, request};
///
/// #[request(get = "https://example.com/log/{name}")]
/// async fn count(name: &str, #[response] mut lines: Lines) -> Result<usize, Error> {
///     let mut errors = 0;
///     while let Some(line) = lines.line().await? {
///         errors += usize::from(line.starts_with("ERROR"));
///     }
///     Ok(errors)
/// }
/// ```
pub struct Lines {
    reader: LineReader,
    charset: LineCharset,
}

impl Lines {
    /// Reads the lines of a body, in the charset of its content type. `BodyStream` has already decompressed
    /// it.
    pub fn new(body: BodyStream) -> Self {
        let content_type = body.headers().and_then(|headers| headers.get(header::CONTENT_TYPE));
        let charset = LineCharset::of(content_type);
        Self { reader: LineReader::new(body, DEFAULT_MAX_LINE), charset }
    }

    /// Sets the maximum length of a line, in bytes without the line ending. The default is 1 MiB.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.reader.set_limit(bytes);
        self
    }

    /// The next line; `None` at the end of the body. If the future is dropped, no line is lost.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Charset`](crate::DecodeError::Charset) if a line is not text in its charset; the next
    /// line can still be read. If the body fails, the errors of [`BodyStream::part`], and
    /// [`BodyError::TooLarge`](crate::BodyError::TooLarge) if a line exceeds the limit. After one of these,
    /// there are no more lines. The errors have the [number](Error::line) of the line that could not be read.
    pub async fn line(&mut self) -> Result<Option<String>, Error> {
        poll_fn(|context| self.poll_line(context)).await
    }

    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<String>, Error>> {
        let Some(line) = ready!(self.reader.poll_line(context))? else {
            return Poll::Ready(Ok(None));
        };
        let text = self.charset.decode(&line).map_err(|error| self.reader.describe(error))?;
        Poll::Ready(Ok(Some(text)))
    }
}

impl Stream for Lines {
    type Item = Result<String, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_line(context).map(Result::transpose)
    }
}

impl FromResponse for Lines {
    const STREAMING: bool = true;

    fn from_response(response: Response) -> Result<Self, Error> {
        response.into_plain_stream().map(Self::new)
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("number", &self.reader.number()).finish_non_exhaustive()
    }
}
