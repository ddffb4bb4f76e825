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

    /// Whether all of the body has arrived, which its length then says before its end does. HTTP/2 has
    /// an end of its own: a stream that is dropped before it is reset.
    fn is_whole(&self) -> bool {
        self.expected() == Some(self.arrived) && self.response.version() <= Version::HTTP_11
    }

    /// The next part of the body, decompressed.
    pub(crate) async fn part(&mut self, deadlines: &Deadlines) -> Result<Option<Bytes>, Error> {
        loop {
            // What is there already is not waited for, and a little that arrived can become much: others
            // have their turn, and so have the timers.
            tokio::task::coop::consume_budget().await;
            if let Some(timer) = deadlines.passed() {
                return Err(deadlines.timed_out(timer, WAIT).sent_at_least(Sent::Yes));
            }
            if let Some(decoder) = &mut self.decoder {
                match decoder.next()? {
                    Pulled::Piece(piece) => return Ok(Some(piece)),
                    Pulled::End => return Ok(None),
                    Pulled::Wanting => {}
                }
            }
            let chunk = self.chunk(deadlines).await?;
            match (&mut self.decoder, chunk) {
                (None, chunk) => return Ok(chunk),
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
    let mut body = Gathered::Nothing;
    while !payload.is_whole()
        && let Some(part) = payload.part(deadlines).await?
    {
        body.add(part, expected, limit)?;
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
enum Gathered {
    Nothing,
    One(Bytes),
    More(Vec<u8>),
}

impl Gathered {
    fn add(&mut self, part: Bytes, announced: Option<u64>, limit: u64) -> Result<(), Error> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        if part.len() > most - self.len() {
            return Err(too_large(limit));
        }
        match self {
            Self::Nothing => *self = Self::One(part),
            Self::One(first) => {
                let mut body = Vec::with_capacity(believed(announced).min(most));
                body.extend_from_slice(first);
                make_room(&mut body, part.len(), most);
                body.extend_from_slice(&part);
                *self = Self::More(body);
            }
            Self::More(body) => {
                make_room(body, part.len(), most);
                body.extend_from_slice(&part);
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::One(first) => first.len(),
            Self::More(body) => body.len(),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::One(body) => body,
            Self::More(body) => body.into(),
        }
    }
}

/// How much room a body is given before it has arrived: what the server announces, which may be
/// anything, as far as that costs nothing to believe.
fn believed(announced: Option<u64>) -> usize {
    const BELIEVED: usize = 256 * 1024;
    announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(BELIEVED).min(BELIEVED)
}

/// Makes room for so many bytes more, and by doubling, for what may follow: but never for more than
/// `most`, which no body exceeds.
fn make_room(body: &mut Vec<u8>, more: usize, most: usize) {
    if body.capacity() - body.len() < more {
        let room = body.capacity().saturating_mul(2).min(most).max(body.len() + more);
        body.reserve_exact(room - body.len());
    }
}

pub(crate) fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::Body(BodyError::TooLarge))
        .detail(format!("it has more than {limit} bytes"))
}
