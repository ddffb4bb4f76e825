//! JSON values, one a line.

use std::{
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::{DEFAULT_MAX_LINE, split::LineReader};
use crate::{
    decode,
    error::Error,
    response::{BodyStream, FromResponse, Response},
};

/// The values of newline-delimited JSON (`application/x-ndjson`, `application/jsonl`), read as they arrive.
///
/// Each line is a value. Lines that contain only white space are skipped, and the last line needs no line
/// ending. The content type is not checked, because none is registered. A line can have at most 1 MiB, unless
/// [`max_line`](JsonLines::max_line) sets another limit. At most one line and one part of the body are in
/// memory.
///
/// It implements `Stream`; [`value`](JsonLines::value) awaits the next value without that trait.
///
/// ```no_run
/// use backstop::{Error, JsonLines, request};
///
/// #[derive(serde::Deserialize)]
/// struct Entry { bytes: u64 }
///
/// #[request(get = "https://example.com/export")]
/// async fn total(#[response] mut entries: JsonLines<Entry>) -> Result<u64, Error> {
///     let mut total = 0;
///     while let Some(entry) = entries.value().await? {
///         total += entry.bytes;
///     }
///     Ok(total)
/// }
/// ```
pub struct JsonLines<T> {
    reader: LineReader,
    values: PhantomData<fn() -> T>,
}

impl<T> JsonLines<T> {
    /// Reads the values of a body.
    pub fn new(body: BodyStream) -> Self {
        Self { reader: LineReader::new(body, DEFAULT_MAX_LINE), values: PhantomData }
    }

    /// Sets the maximum length of a line, in bytes without the line ending. The default is 1 MiB.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        self.reader.set_limit(bytes);
        self
    }

    /// The next line with a value in it.
    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            let Some(mut line) = ready!(self.reader.poll_line(context))? else {
                return Poll::Ready(Ok(None));
            };
            if self.reader.number() == 1 {
                let mark = line.len() - decode::without_mark(&line).len();
                line = line.slice(mark..);
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Poll::Ready(Ok(Some(line)));
            }
        }
    }

    /// For a failure alone: no part of the reader's type but its name is used.
    #[cold]
    fn failed(&self, error: &serde_json::Error, line: &Bytes) -> Error {
        let error = decode::json_error_from(error, line, self.reader.number());
        self.reader.describe(error.with_start_of(line))
    }
}

impl<T: DeserializeOwned> JsonLines<T> {
    /// The next value; `None` at the end of the body. If the future is dropped, no value is lost.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode) if a line is not JSON or does not match the type. The error has
    /// the [line number](Error::line), the [path](Error::decode_path) in the line, and the start of the line
    /// as its [body](Error::body). The next value can still be read. If the body fails, the errors of
    /// [`BodyStream::part`], and [`BodyError::TooLarge`](crate::BodyError::TooLarge) if a line exceeds the
    /// limit. After one of these, there are no more values.
    pub async fn value(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|context| self.poll_value(context)).await
    }

    fn poll_value(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        let Some(line) = ready!(self.poll_text(context))? else { return Poll::Ready(Ok(None)) };
        Poll::Ready(match serde_json::from_slice(&line) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(self.failed(&error, &line)),
        })
    }
}

impl<T: DeserializeOwned> Stream for JsonLines<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_value(context).map(Result::transpose)
    }
}

impl<T: DeserializeOwned> FromResponse for JsonLines<T> {
    const STREAMING: bool = true;

    fn from_response(response: Response) -> Result<Self, Error> {
        response.into_plain_stream().map(Self::new)
    }
}

impl<T> fmt::Debug for JsonLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").field("number", &self.reader.number()).finish_non_exhaustive()
    }
}
