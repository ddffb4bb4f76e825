//! Reading a response: the whole body under a limit, the start of it for an error, or none yet.

use std::{future::poll_fn, pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, Version};

use super::{
    coding::{Decoder, Pulled},
    timers::Deadlines,
};
use crate::{
    body::{ReceivedBody, cut_short},
    error::{BodyError, Error, ErrorKind, Sent},
    response::BodyStream,
    session::transport::Head,
};

/// How long the body of an error is waited for.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// The longest body of an error that is read to its end, in bytes, though less of it is kept.
const DRAINED: u64 = 256 * 1024;

/// A response that counts as success, read as far as was asked.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Whole(Bytes),
    Open(BodyStream),
}

/// A response whose body is still to be read, with its codings undone.
pub(crate) struct Payload {
    response: http::Response<ReceivedBody>,
    /// How many bytes the head announces, as they arrive. None where nothing holds the body to that.
    announced: Option<u64>,
    arrived: u64,
    /// None for a body that is not coded, which costs nothing.
    decoder: Option<Box<Decoder>>,
}

impl Payload {
    /// A client of the user's, or a stack, may have decompressed the body: then its headers no longer
    /// say that it is coded, and nothing is undone twice.
    pub(super) fn new(head: Head, method: &Method) -> Self {
        let Head { mut response, announced, .. } = head;
        let status = response.status();
        // Headers of these describe the body that another request would be sent (RFC 9110 §6.4.1).
        let has_body = *method != Method::HEAD
            && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        // A part of what is coded cannot be undone by itself (RFC 9110 §14.2).
        let is_coded = has_body && status != StatusCode::PARTIAL_CONTENT;
        let decoder = is_coded.then(|| Decoder::of(response.headers_mut())).flatten().map(Box::new);
        let announced = announced.filter(|_| has_body);
        Self { response, announced, arrived: 0, decoder }
    }

    /// How many bytes will be read, where that is announced.
    fn expected(&self) -> Option<u64> {
        self.announced.filter(|_| self.decoder.is_none())
    }

    /// How many bytes there will be, from what is announced. Text and JSON become five to ten times as
    /// many when they are decompressed.
    fn estimate(&self) -> Option<usize> {
        const RATIO: u64 = 8;
        let ratio = if self.decoder.is_some() { RATIO } else { 1 };
        usize::try_from(self.announced?.saturating_mul(ratio)).ok()
    }

    /// Whether all of the body has arrived, which its length then says before its end does. HTTP/2 has
    /// an end of its own: a stream that is dropped before it is reset.
    fn is_whole(&self) -> bool {
        self.expected() == Some(self.arrived) && self.response.version() <= Version::HTTP_11
    }

    /// The next part of the body, decompressed.
    pub(crate) async fn part(&mut self, deadlines: &Deadlines) -> Result<Option<Bytes>, Error> {
        Ok(self.pull(deadlines).await?.map(|part| match part {
            Part::Chunk(chunk) => chunk,
            Part::Decoded(length) => Bytes::copy_from_slice(self.decoded(length)),
        }))
    }

    /// The bytes of the last [`Part::Decoded`], which is their length.
    fn decoded(&self, length: usize) -> &[u8] {
        self.decoder.as_ref().map_or(&[], |decoder| decoder.piece(length))
    }

    /// The next part, where it is.
    async fn pull(&mut self, deadlines: &Deadlines) -> Result<Option<Part>, Error> {
        loop {
            // What is there already is not waited for, and a little that arrived can become much: others
            // have their turn, and so have the timers.
            tokio::task::coop::consume_budget().await;
            if let Some(timer) = deadlines.passed() {
                return Err(deadlines.timed_out(timer, WAIT).sent_at_least(Sent::Yes));
            }
            if let Some(decoder) = &mut self.decoder {
                match decoder.next()? {
                    Pulled::Piece(length) => return Ok(Some(Part::Decoded(length))),
                    Pulled::End => return Ok(None),
                    Pulled::Wanting => {}
                }
            }
            let chunk = self.chunk(deadlines).await?;
            match (&mut self.decoder, chunk) {
                (None, chunk) => return Ok(chunk.map(Part::Chunk)),
                (Some(decoder), Some(chunk)) => decoder.feed(chunk),
                (Some(decoder), None) => decoder.end(),
            }
        }
    }

    /// The next part as it arrives.
    async fn chunk(&mut self, deadlines: &Deadlines) -> Result<Option<Bytes>, Error> {
        let body = self.response.body_mut();
        let chunk = pin!(poll_fn(|context| body.poll_data(context)));
        match deadlines.part(chunk).await {
            Ok(Some(Ok(chunk))) => {
                self.arrived += chunk.len() as u64;
                Ok(Some(chunk))
            }
            Ok(Some(Err(error))) => Err(error),
            // hyper lets a stream of HTTP/2 end early, if that is done without an error.
            Ok(None) if self.announced.is_some_and(|length| self.arrived < length) => {
                Err(cut_short())
            }
            Ok(None) => Ok(None),
            Err(timer) => Err(deadlines.timed_out(timer, WAIT).sent_at_least(Sent::Yes)),
        }
    }

    /// Reads the rest of a short body, which nobody asked for: its connection can then be used again.
    async fn drain(&mut self, deadlines: &Deadlines) {
        if self.announced.is_some_and(|length| length > DRAINED) {
            return;
        }
        while self.announced != Some(self.arrived)
            && self.arrived <= DRAINED
            && let Ok(Some(_)) = self.chunk(deadlines).await
        {}
    }

    /// The response, whose headers nobody else needs, with the body that becomes of this one.
    pub(super) fn received(mut self, body: impl FnOnce(Self) -> Body) -> Received {
        Received {
            status: self.response.status(),
            version: self.response.version(),
            headers: self.take_headers(),
            body: body(self),
        }
    }

    /// An error of the body, with what the head says.
    pub(super) fn failed(&mut self, error: Error) -> Error {
        error.with_status(self.status()).with_headers(self.take_headers())
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(self.response.headers_mut())
    }
}

/// A part of the body.
enum Part {
    /// As it arrived.
    Chunk(Bytes),
    /// So many bytes, which the decoder keeps until it is asked again.
    Decoded(usize),
}

/// What a timer that fires here was set for.
const WAIT: &str = "the rest of the body";

/// Reads the body, of which no more than `limit` bytes are kept in memory.
pub(super) async fn whole(
    payload: &mut Payload,
    deadlines: &Deadlines,
    limit: u64,
) -> Result<Bytes, Error> {
    let expected = payload.expected();
    if expected.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut body = Gathered::new(payload.estimate(), limit);
    while !payload.is_whole()
        && let Some(part) = payload.pull(deadlines).await?
    {
        match part {
            Part::Chunk(chunk) => body.add(chunk)?,
            Part::Decoded(length) => body.append(payload.decoded(length))?,
        }
    }
    Ok(body.into_bytes())
}

/// The error of a status, with as much of the body as an error keeps. That the body fails, or is
/// longer, changes nothing about the status.
pub(super) async fn status_error(
    payload: &mut Payload,
    deadlines: &Deadlines,
    limit: usize,
) -> Error {
    // The status is known: what there is to say about it is not waited for as a body is.
    let deadlines = deadlines.no_longer_than(ERROR_BODY_TIMEOUT);
    let mut body = BytesMut::new();
    let mut is_cut = payload.expected().is_some_and(|length| length > limit as u64);
    while !(payload.is_whole() || is_cut && body.len() == limit) {
        match payload.part(&deadlines).await {
            Ok(Some(part)) => {
                // What is not kept is not held on to.
                let room = limit - body.len();
                body.extend_from_slice(&part[..part.len().min(room)]);
                is_cut |= part.len() > room;
            }
            Ok(None) => break,
            Err(_) => {
                is_cut = true;
                break;
            }
        }
    }
    payload.drain(&deadlines).await;
    let status = payload.status();
    Error::new(ErrorKind::Status(status.as_u16()))
        .with_status(status)
        .with_headers(payload.take_headers())
        .with_start_of_body(body.freeze(), is_cut)
}

/// The parts of a body so far. Most bodies arrive in one, which is then not copied.
struct Gathered {
    so_far: SoFar,
    /// How many bytes there may be at most.
    limit: usize,
    /// How many there will be, as far as anyone says.
    estimate: Option<usize>,
}

enum SoFar {
    Nothing,
    One(Bytes),
    More(Vec<u8>),
}

impl Gathered {
    fn new(estimate: Option<usize>, limit: u64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Self { so_far: SoFar::Nothing, limit, estimate }
    }

    fn add(&mut self, chunk: Bytes) -> Result<(), Error> {
        match &self.so_far {
            SoFar::Nothing if chunk.len() <= self.limit => {
                self.so_far = SoFar::One(chunk);
                Ok(())
            }
            _ => self.append(&chunk),
        }
    }

    /// Adds bytes that are to be copied.
    fn append(&mut self, part: &[u8]) -> Result<(), Error> {
        let Self { so_far, limit, estimate } = self;
        let before = match &*so_far {
            SoFar::Nothing => 0,
            SoFar::One(first) => first.len(),
            SoFar::More(body) => body.len(),
        };
        if part.len() > *limit - before {
            return Err(too_large(*limit as u64));
        }
        if let SoFar::Nothing | SoFar::One(_) = so_far {
            let mut body = Vec::with_capacity(room(0, before + part.len(), *estimate, *limit));
            if let SoFar::One(first) = so_far {
                body.extend_from_slice(first);
            }
            *so_far = SoFar::More(body);
        }
        if let SoFar::More(body) = so_far {
            if body.capacity() - before < part.len() {
                let room = room(body.capacity(), before + part.len(), *estimate, *limit);
                body.reserve_exact(room - before);
            }
            body.extend_from_slice(part);
        }
        Ok(())
    }

    fn into_bytes(self) -> Bytes {
        match self.so_far {
            SoFar::Nothing => Bytes::new(),
            SoFar::One(body) => body,
            SoFar::More(body) => body.into(),
        }
    }
}

/// How much room a body is given that had `before` and needs `needed` bytes: what is estimated, once it
/// costs little to believe that, or a quarter of it has arrived; else twice what there was, for what may
/// follow. Never more than `limit`, which no body exceeds.
fn room(before: usize, needed: usize, estimate: Option<usize>, limit: usize) -> usize {
    const LITTLE: usize = 256 * 1024;
    const LEAST: usize = 16 * 1024;
    let doubled = before.max(needed).saturating_mul(2).max(LEAST);
    let room = match estimate {
        Some(estimate) if estimate < needed => doubled,
        Some(estimate) if estimate <= LITTLE.max(needed.saturating_mul(4)) => estimate,
        Some(_) => doubled.max(LITTLE),
        None => doubled,
    };
    room.min(limit).max(needed)
}

pub(crate) fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::Body(BodyError::TooLarge))
        .detail(format!("it has more than {limit} bytes"))
}
