//! Reading a response: the whole body under a limit, the start of it for an error, or none yet.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode, Version};
use url::Url;

use super::{
    coding::{Decoder, Pulled},
    deadline::Deadlines,
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
    pub(crate) url: Url,
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

    /// The next part of the body, decompressed.
    pub(crate) async fn part(&mut self, deadlines: &Deadlines) -> Result<Option<Bytes>, Error> {
        let Self { response, decoder, .. } = self;
        let Some(decoder) = decoder else { return chunk(response, deadlines).await };
        loop {
            match decoder.next()? {
                Pulled::Piece(piece) => {
                    // A little that arrived can become much, for which nothing is waited: others
                    // have their turn, and so have the timers.
                    tokio::task::coop::consume_budget().await;
                    return match deadlines.passed() {
                        None => Ok(Some(piece)),
                        Some(timer) => Err(timed_out(timer)),
                    };
                }
                Pulled::End => return Ok(None),
                Pulled::Wanting => match chunk(response, deadlines).await? {
                    Some(chunk) => decoder.feed(chunk),
                    None => decoder.end(),
                },
            }
        }
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
    match deadlines.part(response.chunk()).await {
        Ok(chunk) => chunk.map_err(classify::body),
        Err(timer) => Err(timed_out(timer)),
    }
}

fn timed_out(timer: TimeoutError) -> Error {
    Error::new(ErrorKind::Timeout(timer)).sent_at_least(Sent::Yes)
}

/// The head of a response, whose headers nobody else needs.
fn received(payload: &mut Payload, url: &Url, body: Body) -> Received {
    Received {
        status: payload.response.status(),
        version: payload.response.version(),
        headers: payload.take_headers(),
        url: url.clone(),
        body,
    }
}

/// Reads the body, of which no more than `limit` bytes are kept in memory.
pub(super) async fn whole(
    mut payload: Payload,
    deadlines: &Deadlines,
    limit: u64,
    url: &Url,
) -> Result<Received, Error> {
    match read(&mut payload, deadlines, limit).await {
        Ok(body) => Ok(received(&mut payload, url, Body::Whole(body))),
        Err(error) => {
            Err(error.with_status(payload.response.status()).with_headers(payload.take_headers()))
        }
    }
}

/// Leaves the body to be read by the user.
pub(super) fn open(
    mut payload: Payload,
    deadlines: Deadlines,
    limit: Option<u64>,
    url: &Url,
) -> Received {
    // The body needs the response; what is taken from it is its head.
    let Received { status, version, headers, url, .. } =
        received(&mut payload, url, Body::Whole(Bytes::new()));
    Received {
        status,
        version,
        headers,
        url,
        body: Body::Open(Box::new(BodyStream::new(payload, deadlines, limit))),
    }
}

/// The error of a status, with as much of the body as an error keeps. That the body fails, or is
/// longer, changes nothing about the status.
pub(super) async fn status_error(mut payload: Payload, deadlines: &Deadlines) -> Error {
    // The status is known: what there is to say about it is not waited for as a body is.
    let deadlines = deadlines.no_longer_than(ERROR_BODY_TIMEOUT);
    let mut body = BytesMut::new();
    while body.len() < KEPT_BODY
        && let Ok(Some(part)) = payload.part(&deadlines).await
    {
        // What is not kept is not held on to.
        body.extend_from_slice(&part[..part.len().min(KEPT_BODY - body.len())]);
    }
    let status = payload.response.status();
    Error::new(ErrorKind::Status(status.as_u16()))
        .with_status(status)
        .with_headers(payload.take_headers())
        .with_body(body)
}

async fn read(payload: &mut Payload, deadlines: &Deadlines, limit: u64) -> Result<Bytes, Error> {
    let announced = payload.announced;
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let Some(first) = payload.part(deadlines).await? else { return Ok(Bytes::new()) };
    if first.len() as u64 > limit {
        return Err(too_large(limit));
    }
    // Most bodies arrive in one part, which is then not copied.
    let Some(second) = payload.part(deadlines).await? else { return Ok(first) };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut body = Vec::with_capacity(believed(announced).min(most));
    body.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(part) = next {
        if part.len() > most - body.len() {
            return Err(too_large(limit));
        }
        make_room(&mut body, part.len(), most);
        body.extend_from_slice(&part);
        next = payload.part(deadlines).await?;
    }
    Ok(body.into())
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
