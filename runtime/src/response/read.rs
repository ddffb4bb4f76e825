//! Reads a response: the whole body under a limit, or the start of it for an error.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, Version};

use super::{
    BodyStream,
    payload::{Part, Payload},
};
use crate::{
    error::{BodyError, Error, ErrorKind},
    timers::AttemptTimers,
};

/// The longest wait for the body of an error.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// A response that counts as success, with its body buffered or open.
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// How many bytes of the body arrived, before decompression. None where it was left open.
    pub(crate) transferred: Option<u64>,
}

impl Received {
    /// Takes a response apart; `body` turns its payload into the body.
    pub(crate) fn new(mut payload: Payload, body: impl FnOnce(Payload) -> Body) -> Self {
        let (status, version) = (payload.status(), payload.version());
        let (headers, transferred) = (payload.take_headers(), payload.transferred());
        let body = body(payload);
        let transferred = matches!(body, Body::Whole(_)).then_some(transferred);
        Self { status, version, headers, body, transferred }
    }
}

pub(crate) enum Body {
    Whole(Bytes),
    Open(BodyStream),
}

/// Buffers the body, at most `limit` bytes.
pub(crate) async fn whole(
    payload: &mut Payload,
    timers: &AttemptTimers,
    limit: u64,
) -> Result<Bytes, Error> {
    let expected = payload.expected();
    if expected.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut body = Gathered::new(payload.estimate(), limit);
    while !payload.is_whole()
        && let Some(part) = payload.pull(timers).await?
    {
        match part {
            Part::Chunk(chunk) => body.add(chunk)?,
            Part::Decoded(length) => body.append(payload.decoded(length))?,
        }
    }
    Ok(body.into_bytes())
}

/// The error of a status, with the first `limit` bytes of the body. If the body fails or is longer, it is still
/// the error of the status.
pub(crate) async fn status_error(
    payload: &mut Payload,
    timers: &AttemptTimers,
    limit: usize,
) -> Error {
    // The status is known; the body only explains it and is not awaited as long.
    let timers = timers.no_longer_than(ERROR_BODY_TIMEOUT);
    let mut body = BytesMut::new();
    let mut is_cut = payload.expected().is_some_and(|length| length > limit as u64);
    while !(payload.is_whole() || is_cut && body.len() == limit) {
        match payload.part(&timers).await {
            Ok(Some(part)) => {
                // Copied, so that the rest of the chunk is freed.
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
    payload.drain(&timers).await;
    let status = payload.status();
    Error::new(ErrorKind::Status(status.as_u16()))
        .with_status(status)
        .with_headers(payload.take_headers())
        .with_start_of_body(body.freeze(), is_cut)
}

/// The parts of a body so far. A body that arrives in one part is not copied.
struct Gathered {
    so_far: SoFar,
    /// The most bytes.
    limit: usize,
    /// The estimated length of the body.
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

    /// Copies bytes to the end.
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

/// The capacity for a body that had `before` and needs `needed` bytes: the estimate, if it is small or a
/// quarter of it has arrived, else double. Never more than `limit`.
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
        .with_detail(format!("it has more than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_one_part_is_not_copied() {
        let chunk = Bytes::from_static(b"four");
        let mut body = Gathered::new(None, 4);
        body.add(chunk.clone()).expect("as long as the limit");
        assert_eq!(body.into_bytes().as_ptr(), chunk.as_ptr());
        assert!(Gathered::new(None, 4).into_bytes().is_empty());
    }

    #[test]
    fn parts_are_joined_up_to_the_limit() {
        let chunk = Bytes::from_static;
        for (first, second) in [(chunk(b"abc"), chunk(b"de")), (chunk(b""), chunk(b"abcde"))] {
            for copied in [false, true] {
                let gather = |limit| {
                    let mut body = Gathered::new(None, limit);
                    if copied {
                        body.append(&first)?;
                        body.append(&second)?;
                    } else {
                        body.add(first.clone())?;
                        body.add(second.clone())?;
                    }
                    body.append(b"f")?;
                    Ok::<_, Error>(body.into_bytes())
                };
                assert_eq!(gather(6).expect("within the limit"), "abcdef");
                for limit in 0..6 {
                    let error = gather(limit).expect_err("too long");
                    assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge), "{limit}");
                }
            }
        }
        let error = Gathered::new(None, 3).add(chunk(b"four")).expect_err("too long");
        assert!(error.to_string().contains("more than 3 bytes"), "{error}");
    }

    #[test]
    fn a_buffer_grows_in_few_reallocations() {
        let mut body = Gathered::new(Some(4 * 1024 * 1024), u64::MAX);
        let (mut copies, mut before) = (0, 0);
        for _ in 0..4000 {
            body.append(&[1; 1000]).expect("no limit");
            let SoFar::More(bytes) = &body.so_far else { panic!("it was appended to") };
            copies += usize::from(bytes.capacity() != before);
            before = bytes.capacity();
        }
        // About 256, 512 and 1024 KiB, and then the announced length.
        assert_eq!((copies, before), (4, 4 * 1024 * 1024));
        assert_eq!(body.into_bytes(), vec![1; 4_000_000]);
    }

    #[test]
    fn the_estimated_length_is_allocated_once_plausible() {
        const KIB: usize = 1024;
        let most = usize::MAX;
        for (before, needed, estimate, limit, expected) in [
            (0, 10, None, most, 16 * KIB),
            (0, 10 * KIB, None, most, 20 * KIB),
            (32 * KIB, 33 * KIB, None, most, 66 * KIB),
            (64 * KIB, 33 * KIB, None, most, 128 * KIB),
            // A small length is trusted, and any length after a quarter of the body has arrived.
            (0, 10, Some(100), most, 100),
            (0, 100, Some(100), most, 100),
            (0, 10, Some(256 * KIB), most, 256 * KIB),
            (0, 256 * KIB, Some(1024 * KIB), most, 1024 * KIB),
            (0, 10, Some(256 * KIB + 1), most, 256 * KIB),
            (0, 256 * KIB, Some(1024 * KIB + 1), most, 512 * KIB),
            // The estimate was too low.
            (0, 101, Some(100), most, 16 * KIB),
            (0, 10, None, 1000, 1000),
            (0, 10, Some(2000), 1000, 1000),
        ] {
            assert_eq!(room(before, needed, estimate, limit), expected, "{needed} of {estimate:?}");
        }
    }
}
