//! Reading a response: the whole body under a limit, the start of it for an error, or none yet.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version};
use url::Url;

use super::deadline::Deadlines;
use crate::{
    classify,
    error::{BodyError, Error, ErrorKind, KEPT_BODY, Sent},
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

/// The head of a response, whose headers nobody else needs.
fn received(response: &mut reqwest::Response, url: &Url, body: Body) -> Received {
    Received {
        status: response.status(),
        version: response.version(),
        headers: std::mem::take(response.headers_mut()),
        url: url.clone(),
        body,
    }
}

/// Reads the body, of which no more than `limit` bytes are kept in memory.
pub(super) async fn whole(
    mut response: reqwest::Response,
    deadlines: &Deadlines,
    limit: u64,
    url: &Url,
) -> Result<Received, Error> {
    match read(&mut response, deadlines, limit).await {
        Ok(body) => Ok(received(&mut response, url, Body::Whole(body))),
        Err(error) => Err(error
            .with_status(response.status())
            .with_headers(std::mem::take(response.headers_mut()))),
    }
}

/// Leaves the body to be read by the user.
pub(super) fn open(
    mut response: reqwest::Response,
    deadlines: Deadlines,
    limit: Option<u64>,
    url: &Url,
) -> Received {
    // The body needs the response; what is taken from it is its head.
    let Received { status, version, headers, url, .. } =
        received(&mut response, url, Body::Whole(Bytes::new()));
    Received {
        status,
        version,
        headers,
        url,
        body: Body::Open(Box::new(BodyStream::new(response, deadlines, limit))),
    }
}

/// The error of a status, with as much of the body as an error keeps. That the body fails, or is
/// longer, changes nothing about the status.
pub(super) async fn status_error(mut response: reqwest::Response, deadlines: &Deadlines) -> Error {
    // The status is known: what there is to say about it is not waited for as a body is.
    let deadlines = deadlines.no_longer_than(ERROR_BODY_TIMEOUT);
    let mut body = BytesMut::new();
    while body.len() < KEPT_BODY
        && let Ok(Some(part)) = part(&mut response, &deadlines).await
    {
        body.extend_from_slice(&part);
    }
    let status = response.status();
    Error::new(ErrorKind::Status(status.as_u16()))
        .with_status(status)
        .with_headers(std::mem::take(response.headers_mut()))
        .with_body(body)
}

async fn read(
    response: &mut reqwest::Response,
    deadlines: &Deadlines,
    limit: u64,
) -> Result<Bytes, Error> {
    let announced = response.content_length();
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let Some(first) = part(response, deadlines).await? else { return Ok(Bytes::new()) };
    if first.len() as u64 > limit {
        return Err(too_large(limit));
    }
    // Most bodies arrive in one part, which is then not copied.
    let Some(second) = part(response, deadlines).await? else { return Ok(first) };
    let mut body = BytesMut::with_capacity(reserve(announced));
    body.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(part_read) = next {
        if (body.len() + part_read.len()) as u64 > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&part_read);
        next = part(response, deadlines).await?;
    }
    Ok(body.freeze())
}

/// How much room a body is given before it has arrived: what the server announces, which may be
/// anything, as far as that costs nothing to believe.
fn reserve(announced: Option<u64>) -> usize {
    const BELIEVED: usize = 256 * 1024;
    announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(BELIEVED).min(BELIEVED)
}

/// The next part of a body, decompressed.
pub(crate) async fn part(
    response: &mut reqwest::Response,
    deadlines: &Deadlines,
) -> Result<Option<Bytes>, Error> {
    match deadlines.part(response.chunk()).await {
        Ok(part) => part.map_err(classify::body),
        Err(timer) => Err(Error::new(ErrorKind::Timeout(timer)).sent_at_least(Sent::Yes)),
    }
}

pub(crate) fn too_large(limit: u64) -> Error {
    Error::new(ErrorKind::Body(BodyError::TooLarge))
        .detail(format!("it has more than {limit} bytes"))
}
