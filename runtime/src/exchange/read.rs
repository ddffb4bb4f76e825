//! Reading a response: the whole body under a limit, the start of it for an error, or none yet.

use std::{pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, Version};

use super::{
    coding::{Decoder, Pulled},
    timers::Deadlines,
};
use crate::{
    classify,
    error::{BodyError, Error, ErrorKind, KEPT_BODY, Sent, TimeoutError},
    response::BodyStream,
};

/// How long the body of an error is waited for.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// A response that counts as success, read as far as was asked.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Whole(Bytes),
    Open(Box<BodyStream>),
}

/// A response whose body is still to be read, with its codings undone.
pub(crate) struct Payload {
    response: reqwest::Response,
    /// How many bytes are announced, if those are the ones that will be read.
    announced: Option<u64>,
    /// None for a body that is not coded, which costs nothing.
    decoder: Option<Box<Decoder>>,
}

impl Payload {
    /// A client of the user's, or a stack, may have decompressed the body: then its headers no longer
    /// say that it is coded, and nothing is undone twice.
    pub(super) fn new(mut response: reqwest::Response, method: &Method) -> Self {
        let status = response.status();
        // Headers of these describe the body that another request would be sent (RFC 9110 §6.4.1).
        let has_body = *method != Method::HEAD
            && ![StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
        // A part of what is coded cannot be undone by itself (RFC 9110 §14.2).
        let is_coded = has_body && status != StatusCode::PARTIAL_CONTENT;
        let decoder = is_coded.then(|| Decoder::of(response.headers_mut())).flatten().map(Box::new);
        let announced = match has_body && decoder.is_none() {
            true => response.content_length(),
            false => None,
        };
        Self { response, announced, decoder }
    }

    /// Whether so much is all of the body, which its length then says before its end does. HTTP/2 has
    /// an end of its own: a stream that is dropped before it is reset.
    fn is_whole(&self, length: usize) -> bool {
        let announced = self.announced.and_then(|length| usize::try_from(length).ok());
        announced == Some(length) && self.response.version() <= Version::HTTP_11
    }

    /// The next part of the body, decompressed.
    pub(crate) async fn part(&mut self, deadlines: &Deadlines) -> Result<Option<Bytes>, Error> {
        let Self { response, decoder, .. } = self;
        let Some(decoder) = decoder else { return chunk(response, deadlines).await };
        loop {
            // A little that arrived can become much, and much that arrives nothing at all, without
            // that anything is waited for: others have their turn, and so have the timers.
            tokio::task::coop::consume_budget().await;
            if let Some(timer) = deadlines.passed() {
                return Err(timed_out(timer));
            }
            match decoder.next()? {
                Pulled::Piece(piece) => return Ok(Some(piece)),
                Pulled::End => return Ok(None),
                Pulled::Wanting => {}
            }
            match chunk(response, deadlines).await? {
                Some(chunk) => decoder.feed(chunk),
                None => decoder.end(),
            }
        }
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

/// The next part of a body as it arrives.
async fn chunk(
    response: &mut reqwest::Response,
    deadlines: &Deadlines,
) -> Result<Option<Bytes>, Error> {
    let chunk = pin!(response.chunk());
    match deadlines.part(chunk).await {
        Ok(chunk) => chunk.map_err(classify::body),
        Err(timer) => Err(timed_out(timer)),
    }
}

fn timed_out(timer: TimeoutError) -> Error {
    Error::new(ErrorKind::Timeout(timer)).sent_at_least(Sent::Yes)
}

/// Reads the body, of which no more than `limit` bytes are kept in memory.
pub(super) async fn whole(
    payload: &mut Payload,
    deadlines: &Deadlines,
    limit: u64,
) -> Result<Bytes, Error> {
    if payload.announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut body = Gathered::Nothing;
    while !payload.is_whole(body.len())
        && let Some(part) = payload.part(deadlines).await?
    {
        body.add(part, payload.announced, limit)?;
    }
    Ok(body.into_bytes())
}

/// The error of a status, with as much of the body as an error keeps. That the body fails, or is
/// longer, changes nothing about the status.
pub(super) async fn status_error(payload: &mut Payload, deadlines: &Deadlines) -> Error {
    // The status is known: what there is to say about it is not waited for as a body is.
    let deadlines = deadlines.no_longer_than(ERROR_BODY_TIMEOUT);
    let mut body = BytesMut::new();
    while body.len() < KEPT_BODY
        && !payload.is_whole(body.len())
        && let Ok(Some(part)) = payload.part(&deadlines).await
    {
        // What is not kept is not held on to.
        body.extend_from_slice(&part[..part.len().min(KEPT_BODY - body.len())]);
    }
    let status = payload.status();
    Error::new(ErrorKind::Status(status.as_u16()))
        .with_status(status)
        .with_headers(payload.take_headers())
        .with_body(body)
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
