//! Cuts a body into lines, which end with LF or CRLF as those of `str::lines` do.

use std::task::{Context, Poll, ready};

use bytes::Bytes;

use crate::{
    error::{BodyError, Error, ErrorKind},
    response::BodyStream,
};

/// The lines of a body, as bytes. It holds one line and one part of the body at most.
pub(super) struct LineReader {
    body: BodyStream,
    splitter: Splitter,
    /// Whether the body is at its end, or has failed.
    ended: bool,
}

impl LineReader {
    pub(super) fn new(body: BodyStream, limit: usize) -> Self {
        Self { body, splitter: Splitter::new(limit), ended: false }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.splitter.limit = limit;
    }

    /// The number of the last line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.splitter.number
    }

    /// The next line without its end; `None` at the end of the body.
    pub(super) fn poll_line(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        let line = loop {
            match self.splitter.next() {
                Ok(None) if self.ended => return Poll::Ready(Ok(None)),
                Ok(None) => {}
                line => break line,
            }
            match ready!(self.body.poll_part(context)) {
                Ok(Some(part)) => self.splitter.feed(part),
                Ok(None) => {
                    self.ended = true;
                    break Ok(self.splitter.last());
                }
                Err(error) => break Err(error),
            }
        };
        Poll::Ready(line.map_err(|error| self.failed(error)))
    }

    /// Ends the lines, and adds the facts of the call to the error.
    fn failed(&mut self, error: Error) -> Error {
        self.ended = true;
        self.splitter.clear();
        self.body.describe(error)
    }

    /// Adds the line's number and the facts of the call to an error of decoding the last line.
    pub(super) fn describe(&self, error: Error) -> Error {
        self.body.describe(error.with_line(self.number()))
    }
}

/// Finds the ends of lines in the parts that it is fed.
struct Splitter {
    part: Bytes,
    /// The start of a line whose end has not arrived.
    partial: Vec<u8>,
    number: u64,
    limit: usize,
}

impl Splitter {
    fn new(limit: usize) -> Self {
        Self { part: Bytes::new(), partial: Vec::new(), number: 0, limit }
    }

    /// Takes the next part, after the last part has no more lines.
    fn feed(&mut self, part: Bytes) {
        self.part = part;
    }

    /// The next whole line. If there is none, the start of one is kept.
    fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(end) = memchr::memchr(b'\n', &self.part) else {
            let rest = std::mem::take(&mut self.part);
            // Its last byte may be the start of its end.
            if self.partial.len() + rest.len() > self.limit.saturating_add(1) {
                return Err(self.too_long());
            }
            self.partial.extend_from_slice(&rest);
            return Ok(None);
        };
        let mut line = self.part.split_to(end + 1);
        line.truncate(end);
        if !self.partial.is_empty() {
            self.partial.extend_from_slice(&line);
            line = std::mem::take(&mut self.partial).into();
        }
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        self.take(line).map(Some)
    }

    /// The rest of the body, which is a line without an end; `None` if it is empty.
    fn last(&mut self) -> Option<Bytes> {
        let line = std::mem::take(&mut self.partial);
        if line.is_empty() {
            return None;
        }
        self.number += 1;
        Some(line.into())
    }

    fn take(&mut self, line: Bytes) -> Result<Bytes, Error> {
        if line.len() > self.limit {
            return Err(self.too_long());
        }
        self.number += 1;
        Ok(line)
    }

    fn too_long(&self) -> Error {
        Error::new(ErrorKind::Body(BodyError::TooLarge))
            .with_line(self.number + 1)
            .with_detail(format!("it has more than {} bytes", self.limit))
    }

    fn clear(&mut self) {
        self.part = Bytes::new();
        self.partial = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text that arrives in parts of this many bytes.
    fn lines(text: &[u8], part: usize, limit: usize) -> Result<Vec<Bytes>, Error> {
        let mut splitter = Splitter::new(limit);
        let mut lines = Vec::new();
        for part in text.chunks(part) {
            splitter.feed(Bytes::copy_from_slice(part));
            while let Some(line) = splitter.next()? {
                lines.push(line);
            }
        }
        lines.extend(splitter.last());
        assert_eq!(splitter.number, lines.len() as u64);
        Ok(lines)
    }

    #[test]
    fn lines_are_those_of_str_in_parts_of_any_size() {
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "a\nb",
            "a\r\nb\r\n",
            "a\r\r\nb\rc\r",
            "\r\n\r\n",
            "grüße\n\n世界\r\n🦀",
            "\u{2028}\u{85}\n",
        ] {
            let expected: Vec<&[u8]> = text.lines().map(str::as_bytes).collect();
            for part in 1..=text.len().max(1) {
                assert_eq!(lines(text.as_bytes(), part, 64).expect("lines"), expected, "{text:?}");
            }
        }
    }

    #[test]
    fn a_line_longer_than_the_limit_is_refused_wherever_its_end_is() {
        for part in 1..8 {
            assert!(lines(b"four\r\nfour\n", part, 4).is_ok());
            let error = lines(b"four\r\nfive5\n", part, 4).expect_err("too long");
            assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
            assert_eq!(error.line(), Some(2));
            assert!(lines(b"endless".repeat(8).as_slice(), part, 4).is_err());
        }
    }
}
