//! The wire format of server-sent events (WHATWG HTML §9.2.6): bytes → events.

use std::time::Duration;

use bytes::Bytes;

use super::Event;
use crate::error::{BodyError, Error, ErrorKind};

/// Makes events of the parts of a body. A part may end anywhere: within a byte order mark, a character or
/// a CRLF.
#[derive(Debug)]
pub(super) struct Parser {
    part: Bytes,
    /// The start of a line whose end has not arrived.
    partial: Vec<u8>,
    /// Whether the last line ended with a CR: a LF that follows belongs to it.
    after_cr: bool,
    is_first_line: bool,
    /// The fields of the event that is being read.
    event: String,
    data: String,
    /// The id of the event that is being read. It stays for later events.
    id: String,
    /// The id of the last event that arrived whole, with or without data: the next connection goes on after that
    /// event. With the id of an event that was cut off, the server would leave that event out.
    last_id: String,
    /// The last `retry` that arrived.
    retry: Option<Duration>,
    /// The longest event, in bytes.
    limit: usize,
}

impl Parser {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            part: Bytes::new(),
            partial: Vec::new(),
            after_cr: false,
            is_first_line: true,
            event: String::new(),
            data: String::new(),
            id: String::new(),
            last_id: String::new(),
            retry: None,
            limit,
        }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    pub(super) fn last_id(&self) -> &str {
        &self.last_id
    }

    pub(super) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Takes the next part, after the last part has no more events.
    pub(super) fn feed(&mut self, part: Bytes) {
        self.part = part;
    }

    /// Starts a new connection. An event that has not ended is dropped, as in the standard.
    pub(super) fn restart(&mut self) {
        let (last_id, retry) = (std::mem::take(&mut self.last_id), self.retry);
        *self = Self { id: last_id.clone(), last_id, retry, ..Self::new(self.limit) };
    }

    /// The next event that has ended.
    pub(super) fn next(&mut self) -> Result<Option<Event>, Error> {
        while let Some(line) = self.line()? {
            if line.is_empty() {
                if let Some(event) = self.dispatch() {
                    return Ok(Some(event));
                }
            } else {
                self.field(&line);
                if self.data.len() + self.event.len() > self.limit {
                    return Err(self.too_long());
                }
            }
        }
        Ok(None)
    }

    /// The next line that has ended with LF, CR or CRLF, without its end.
    fn line(&mut self) -> Result<Option<Bytes>, Error> {
        if self.after_cr && !self.part.is_empty() {
            self.after_cr = false;
            if self.part[0] == b'\n' {
                self.part = self.part.slice(1..);
            }
        }
        let Some(end) = memchr::memchr2(b'\n', b'\r', &self.part) else {
            let rest = std::mem::take(&mut self.part);
            if self.partial.len() + rest.len() > self.limit {
                return Err(self.too_long());
            }
            self.partial.extend_from_slice(&rest);
            return Ok(None);
        };
        let mut line = self.part.split_to(end + 1);
        self.after_cr = line[end] == b'\r';
        line.truncate(end);
        if !self.partial.is_empty() {
            self.partial.extend_from_slice(&line);
            line = std::mem::take(&mut self.partial).into();
        }
        if std::mem::replace(&mut self.is_first_line, false) && line.starts_with(b"\xEF\xBB\xBF") {
            line = line.slice(3..);
        }
        Ok(Some(line))
    }

    fn field(&mut self, line: &[u8]) {
        let (name, value) = match memchr::memchr(b':', line) {
            // A comment.
            Some(0) => return,
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match name {
            b"data" => {
                self.data.push_str(&value);
                self.data.push('\n');
            }
            b"event" => self.event = value.into_owned(),
            b"id" if !value.contains('\0') => self.id = value.into_owned(),
            b"retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                // A number that does not fit is the longest time.
                self.retry = Some(Duration::from_millis(value.parse().unwrap_or(u64::MAX)));
            }
            _ => {}
        }
    }

    /// Ends the event. Without data there is no event.
    fn dispatch(&mut self) -> Option<Event> {
        if self.last_id != self.id {
            self.last_id.clone_from(&self.id);
        }
        let (event, mut data) = (std::mem::take(&mut self.event), std::mem::take(&mut self.data));
        data.pop()?;
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(Event { event, data, id: self.id.clone() })
    }

    fn too_long(&self) -> Error {
        Error::new(ErrorKind::Body(BodyError::TooLarge))
            .with_detail(format!("an event has more than {} bytes", self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a stream that arrives in parts of this many bytes, as (event, data, id).
    fn parsed(stream: &[u8], part: usize) -> (Vec<(String, String, String)>, Parser) {
        let mut parser = Parser::new(1024);
        let mut events = Vec::new();
        for part in stream.chunks(part.max(1)) {
            parser.feed(Bytes::copy_from_slice(part));
            while let Some(Event { event, data, id }) = parser.next().expect("short") {
                events.push((event, data, id));
            }
        }
        (events, parser)
    }

    /// A stream, and its events as (event, data, id).
    type Case = (&'static [u8], &'static [(&'static str, &'static str, &'static str)]);

    /// The cases of the web platform tests for the format, with the events that a browser reports.
    #[test]
    fn streams_are_parsed_as_in_browsers_in_parts_of_any_size() {
        const fn message(data: &'static str) -> (&'static str, &'static str, &'static str) {
            ("message", data, "")
        }
        const CASES: &[Case] = &[
            // Byte order marks: only the first one is dropped.
            (b"\xEF\xBB\xBFdata:1\n\n\xEF\xBB\xBFdata:2\n\ndata:3\n\n", &[message("1"), message("3")]),
            (b"\xEF\xBB\xBF\xEF\xBB\xBFdata:1\n\ndata:2\n\n", &[message("2")]),
            // Comments, including a long one.
            (b"data:1\r:\0\n:\r\ndata:2\n:", &[]),
            (b"data:1\r:\0\n:\r\ndata:2\n:x\rdata:3\n\n", &[message("1\n2\n3")]),
            // An event that is incomplete at the end of the stream is dropped.
            (b"retry:1000\ndata:test1\n\nid:test\ndata:test2", &[message("test1")]),
            // Data: each `data` field adds a line, which may be empty.
            (b"data:\n\ndata\ndata\n\ndata:test\n\n", &[message(""), message("\n"), message("test")]),
            (b"event:test\n\ndata:x\n\n", &[message("x")]),
            (b"event:test\ndata:x\n\n", &[("test", "x", "")]),
            (b"event:\ndata:x\n\nevent\ndata:y\n\n", &[message("x"), message("y")]),
            (b"data:test\nid:1\n\ndata:x\n\nid\ndata:y\n\n", &[
                ("message", "test", "1"),
                ("message", "x", "1"),
                message("y"),
            ]),
            (b"id:a\0b\ndata:x\n\n", &[message("x")]),
            // An id without data applies to the events after it.
            (b"id:7\n\ndata:x\n\n", &[("message", "x", "7")]),
            // Field names are case-sensitive, and unknown ones are ignored.
            (b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n \
               data:32\ndata:4\n\n", &[message("\0\n 2\n1\n3\n\n4")]),
            (b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacomment\n\n", &[
                message("test\n"),
            ]),
            // One space after the colon is dropped, a tab is not.
            (b"data:\ttest\rdata: \ndata:test\n\n", &[message("\ttest\n\ntest")]),
            // Line endings of every kind, also mixed.
            (b"data:test\r\ndata\ndata:test\r\n\r\n", &[message("test\n\ntest")]),
            (b"data:1\r\rdata:2\r\n\r\ndata:3\n\r\ndata:4\r\n\ndata:5\n\r", &[
                message("1"), message("2"), message("3"), message("4"), message("5"),
            ]),
            (b"data:null\0\n\n", &[message("null\0")]),
            // Invalid UTF-8 is replaced.
            ("data:ok…\n\n".as_bytes(), &[message("ok…")]),
            (b"data:\xFF\xE2\x80\n\n", &[message("\u{fffd}\u{fffd}")]),
        ];
        for (stream, expected) in CASES {
            for part in 1..=stream.len() {
                let (events, _) = parsed(stream, part);
                let events: Vec<(&str, &str, &str)> =
                    events.iter().map(|(event, data, id)| (&**event, &**data, &**id)).collect();
                assert_eq!(events, *expected, "{}", String::from_utf8_lossy(stream));
            }
        }
    }

    #[test]
    fn a_retry_field_has_only_digits_and_needs_no_event() {
        for (stream, retry) in [
            (&b"retry:3000\n"[..], Some(3000)),
            (b"retry: 5\n", Some(5)),
            (b"retry:3000\nretry:1000x\n", Some(3000)),
            (b"retry:1000x\n", None),
            (b"retry:-1\n", None),
            (b"retry:\n", None),
            (b"retry\n", None),
            (b"retry:  5\n", None),
            (b"retry:99999999999999999999999\n", Some(u64::MAX)),
        ] {
            let (events, parser) = parsed(stream, 3);
            assert!(events.is_empty());
            assert_eq!(parser.retry(), retry.map(Duration::from_millis), "{stream:?}");
        }
    }

    #[test]
    fn a_new_connection_keeps_only_the_last_id_and_the_retry_time() {
        let (_, mut parser) = parsed(b"\xEF\xBB\xBFretry:7\nid:a\ndata:x\n\nid:b\ndata:lost\r", 64);
        parser.restart();
        // The event with the id b was cut off, so resuming after b would lose it.
        assert_eq!((parser.last_id(), parser.retry()), ("a", Some(Duration::from_millis(7))));
        parser.feed(Bytes::from_static(b"\xEF\xBB\xBF\n\ndata:y\n\n"));
        let event = parser.next().expect("short").expect("an event");
        assert_eq!((&*event.data, &*event.id), ("y", "a"));
        // An event without data is complete too.
        parser.feed(Bytes::from_static(b"id:c\n\ndata:cut"));
        assert!(parser.next().expect("short").is_none());
        parser.restart();
        assert_eq!(parser.last_id(), "c");
    }

    #[test]
    fn an_event_longer_than_the_limit_is_refused() {
        for stream in [&b"data:12345678\n"[..], b"data:1234\ndata:1234\n", b"event:123456789012\n"]
        {
            let mut parser = Parser::new(8);
            parser.feed(Bytes::copy_from_slice(stream));
            let error = parser.next().expect_err("too long");
            assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
        }
        let mut parser = Parser::new(8);
        parser.feed(Bytes::from_static(b":a comment that has not ended"));
        assert!(parser.next().is_err());
    }
}
