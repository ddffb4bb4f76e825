//! Tracks which streams of an HTTP/2 connection the client opened, and which of them the server processed.
//!
//! hyper passes h2 one request at a time, and waits until the request has its stream. If the server ends the
//! connection meanwhile, hyper drops the request and reports only that its task has ended. The server did not
//! process the request if its stream is above the last one of the GOAWAY (RFC 9113 §6.8). The stream is not
//! reported, but as the request was the connection's last, it can only be the highest stream that was opened,
//! or the next. The frames that pass show that stream, and [`tick`] orders its opening and the request.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use hyper_util::client::legacy;

use crate::handover::tick;

/// The streams of one connection.
#[derive(Debug)]
pub(crate) struct Streams {
    /// The highest stream that the client opened, or 0.
    opened: AtomicU32,
    opened_at: AtomicU64,
    /// The last stream that the server processes, by its GOAWAY. [`ALL`] without a GOAWAY.
    last: AtomicU32,
}

const ALL: u32 = u32::MAX;

impl Default for Streams {
    fn default() -> Self {
        Self { opened: AtomicU32::new(0), opened_at: AtomicU64::new(0), last: AtomicU32::new(ALL) }
    }
}

impl Streams {
    /// The streams of the connection on which a request failed.
    pub(crate) fn of(error: &legacy::Error) -> Option<Arc<Self>> {
        let mut extras = http::Extensions::new();
        error.connect_info()?.get_extras(&mut extras);
        extras.remove()
    }

    /// Whether the client opened a stream.
    pub(super) fn has_opened(&self) -> bool {
        self.opened.load(Ordering::Relaxed) > 0
    }

    /// Whether the server sent a GOAWAY without an error, after which the connection accepts no further requests.
    pub(super) fn has_goaway(&self) -> bool {
        self.last.load(Ordering::Relaxed) != ALL
    }

    /// Whether the server processed some request before it ended the connection by GOAWAY.
    pub(crate) fn took_any(&self) -> bool {
        let last = self.last.load(Ordering::Acquire);
        (1..=self.opened.load(Ordering::Acquire)).contains(&last)
    }

    /// Whether the server did not process the connection's last request, whose stream is the highest one or
    /// the next. `taken_at` is when the connection's task took the request.
    pub(crate) fn leaves_out(&self, taken_at: u64) -> bool {
        let last = self.last.load(Ordering::Acquire);
        let opened = self.opened.load(Ordering::Acquire);
        // The highest stream is not the request's if it was opened before the request was taken.
        last != ALL
            && (opened > last
                || opened == last && self.opened_at.load(Ordering::Acquire) < taken_at)
    }

    /// Notes a frame that the client sent.
    fn sent(&self, frame: Frame) {
        // Trailers are HEADERS of a stream that is already open.
        if frame.kind == HEADERS && frame.stream > self.opened.load(Ordering::Relaxed) {
            self.opened_at.store(tick(), Ordering::Release);
            self.opened.store(frame.stream, Ordering::Release);
        }
    }

    /// Notes a frame that the server sent.
    fn received(&self, frame: Frame) {
        // Servers that end a connection because of an error often name a stream below those that they
        // processed.
        if let Some([a, b, c, d, 0, 0, 0, 0]) = frame.goaway {
            let last = u32::from_be_bytes([a, b, c, d]) & STREAM;
            self.last.fetch_min(last, Ordering::AcqRel);
        }
    }
}

/// Reads the frames of both directions as they pass.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) streams: Arc<Streams>,
    sent: Reader,
    received: Reader,
}

impl Frames {
    pub(super) fn new() -> Self {
        let (sent, received) = (Reader::after(PREFACE), Reader::after(0));
        Self { streams: Arc::default(), sent, received }
    }

    pub(super) fn sent(&mut self, bytes: &[u8]) {
        self.sent.read(bytes, |frame| self.streams.sent(frame));
    }

    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.received.read(bytes, |frame| self.streams.received(frame));
    }
}

/// The length of the client's preface (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// The length of a frame's head (RFC 9113 §4.1).
const HEAD: usize = 9;
/// The length of the two numbers with which GOAWAY begins: the last stream, and an error code.
const NUMBERS: usize = 8;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
/// The bits of a stream's number.
const STREAM: u32 = 0x7fff_ffff;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Frame {
    kind: u8,
    stream: u32,
    /// The numbers of a GOAWAY.
    goaway: Option<[u8; NUMBERS]>,
}

/// Finds the frames in one direction of a connection. Its bytes may arrive in pieces of any size.
#[derive(Debug)]
struct Reader {
    /// The bytes before the next frame.
    skipped: usize,
    /// The beginning of the next frame.
    begun: [u8; HEAD + NUMBERS],
    length: usize,
}

impl Reader {
    fn after(skipped: usize) -> Self {
        Self { skipped, begun: [0; HEAD + NUMBERS], length: 0 }
    }

    fn read(&mut self, mut bytes: &[u8], mut found: impl FnMut(Frame)) {
        while let Some(frame) = self.next(&mut bytes) {
            found(frame);
        }
    }

    /// The next frame, unless more bytes are needed.
    fn next(&mut self, bytes: &mut &[u8]) -> Option<Frame> {
        let skipped = self.skipped.min(bytes.len());
        *bytes = &bytes[skipped..];
        self.skipped -= skipped;
        self.fill(bytes, HEAD)?;
        let [a, b, c, kind, ..] = self.begun;
        let payload = u32::from_be_bytes([0, a, b, c]) as usize;
        let numbers = if kind == GOAWAY && payload >= NUMBERS { NUMBERS } else { 0 };
        self.fill(bytes, HEAD + numbers)?;
        let [_, _, _, _, _, a, b, c, d, read @ ..] = self.begun;
        self.skipped = payload - numbers;
        self.length = 0;
        let stream = u32::from_be_bytes([a, b, c, d]) & STREAM;
        Some(Frame { kind, stream, goaway: (numbers > 0).then_some(read) })
    }

    /// Takes bytes until this many bytes of the frame are available.
    fn fill(&mut self, bytes: &mut &[u8], length: usize) -> Option<()> {
        let missing = length.saturating_sub(self.length).min(bytes.len());
        let (now, later) = bytes.split_at(missing);
        self.begun[self.length..][..missing].copy_from_slice(now);
        self.length += missing;
        *bytes = later;
        (self.length >= length).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        [&length[1..], &[kind, 0], &stream.to_be_bytes(), payload].concat()
    }

    fn goaway(last: u32, code: u32) -> Vec<u8> {
        frame(GOAWAY, 0, &[&last.to_be_bytes()[..], &code.to_be_bytes(), b"debug data"].concat())
    }

    /// Frames of a connection on which the client opened `opened`, and the server sent a GOAWAY with `last`.
    fn frames(opened: &[u32], last: Option<(u32, u32)>) -> Frames {
        let mut frames = Frames::new();
        frames.sent(&[0; PREFACE]);
        for stream in opened {
            frames.sent(&frame(HEADERS, *stream, b"head"));
        }
        if let Some((last, code)) = last {
            frames.received(&goaway(last, code));
        }
        frames
    }

    #[test]
    fn frames_are_parsed_in_parts_of_any_size() {
        let sent = [
            vec![0xff; PREFACE],
            frame(4, 0, &[0, 3, 0, 0, 0, 9]),
            frame(HEADERS, 1, b"head"),
            // The data looks like a HEADERS frame.
            frame(0, 1, &frame(HEADERS, 99, b"")),
            frame(HEADERS, 0x8000_0003, b""),
            goaway(0x8000_0005, 2),
            frame(GOAWAY, 0, &[0; 4]),
            frame(8, 0, &[0; 4]),
        ]
        .concat();
        for size in 1..=sent.len() {
            let (mut reader, mut found) = (Reader::after(PREFACE), Vec::new());
            for piece in sent.chunks(size) {
                reader.read(piece, |frame| found.push((frame.kind, frame.stream, frame.goaway)));
            }
            let numbers = [0x80, 0, 0, 5, 0, 0, 0, 2];
            let expected = [
                (4, 0, None),
                (HEADERS, 1, None),
                (0, 1, None),
                (HEADERS, 3, None),
                (GOAWAY, 0, Some(numbers)),
                (GOAWAY, 0, None),
                (8, 0, None),
            ];
            assert_eq!(found, expected, "{size}");
        }
    }

    #[test]
    fn a_request_above_the_last_stream_was_not_processed() {
        for (opened, last, before, after) in [
            // The stream of the request is the highest or the next one: 5 or 7.
            (&[1, 3, 5][..], Some((3, 0)), true, true),
            // A request that was taken after 5 was opened has stream 7; otherwise it may have 5.
            (&[1, 3, 5], Some((5, 0)), false, true),
            // The server may still process it.
            (&[1, 3, 5], Some((7, 0)), false, false),
            (&[1, 3, 5], Some((STREAM, 0)), false, false),
            (&[1, 3, 5], None, false, false),
            // A GOAWAY with an error may name a stream that is too low.
            (&[1, 3, 5], Some((3, 2)), false, false),
            (&[], Some((0, 0)), true, true),
            (&[1], Some((0, 0)), true, true),
        ] {
            let earlier = tick();
            let streams = frames(opened, last).streams;
            assert_eq!(streams.leaves_out(earlier), before, "{opened:?} {last:?}, before");
            assert_eq!(streams.leaves_out(tick()), after, "{opened:?} {last:?}, after");
        }
    }

    #[test]
    fn a_goaway_above_all_opened_streams_excludes_no_request() {
        for last in [STREAM, 5] {
            assert!(!frames(&[1, 3], Some((last, 0))).streams.leaves_out(tick()));
        }
    }

    #[test]
    fn the_lowest_last_stream_applies() {
        let mut frames = frames(&[1, 3], Some((STREAM, 0)));
        frames.received(&goaway(1, 0));
        frames.received(&goaway(3, 0));
        assert!(frames.streams.leaves_out(0));
    }

    #[test]
    fn trailers_do_not_open_a_stream() {
        let mut frames = frames(&[1, 3], Some((3, 0)));
        let taken_at = tick();
        frames.sent(&frame(HEADERS, 1, b"trailers"));
        frames.sent(&frame(HEADERS, 3, b"trailers"));
        assert!(frames.streams.leaves_out(taken_at));
    }

    #[test]
    fn a_server_that_took_a_request_made_progress() {
        assert!(frames(&[1, 3], Some((1, 0))).streams.took_any());
        assert!(!frames(&[1, 3], Some((0, 0))).streams.took_any());
        assert!(!frames(&[1, 3], Some((STREAM, 0))).streams.took_any());
        assert!(!frames(&[1, 3], None).streams.took_any());
    }
}
