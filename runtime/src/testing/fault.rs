//! Faults: what a script does so that a call fails with an error of a kind.
//!
//! Each is made where the real one is. What fails in the client is hyper's own error, of a connection in
//! memory ([`memory`]); what fails in a response is a response that fails so; a timer is one of the
//! call's; and what is refused before anything is sent ends the call before its first attempt.

use super::{
    body::Step,
    reply::{Reply, What},
};
use crate::{
    direct::memory,
    error::{BodyError, DecodeError, Error, ErrorKind, TimeoutError},
};

/// What a script answers for a fault of this kind.
pub(super) fn reply(kind: ErrorKind) -> Reply {
    let json = || Reply::ok().header("content-type", "application/json");
    match kind {
        ErrorKind::Build(_)
        | ErrorKind::Connect(_)
        | ErrorKind::Timeout(TimeoutError::Connect | TimeoutError::Attempt | TimeoutError::Total)
        | ErrorKind::Disconnected(_)
        | ErrorKind::Protocol
        | ErrorKind::Redirect(_) => Reply::of(What::Fault(kind)),
        ErrorKind::Status(status) => Reply::status(status),
        ErrorKind::Timeout(TimeoutError::Idle)
        | ErrorKind::Body(BodyError::Reset | BodyError::Framing | BodyError::Storage)
        | ErrorKind::Decode(DecodeError::Link) => json().step(Step::Break(kind)),
        ErrorKind::Body(BodyError::Truncated) => {
            json().header("content-length", "10").part("{").breaks(BodyError::Truncated)
        }
        ErrorKind::Body(BodyError::Decompress) => undecodable(json()),
        // More than any limit: it is refused by its announced length, or as it comes where there is none.
        ErrorKind::Body(BodyError::TooLarge) => {
            json().header("content-length", (u64::MAX / 2).to_string()).step(Step::Break(kind))
        }
        ErrorKind::Decode(leaf) => match leaf {
            DecodeError::ContentType => {
                Reply::bytes("<!doctype html>").header("content-type", "text/html")
            }
            DecodeError::Syntax => json().with_bytes("{"),
            // What hardly any type is read from.
            DecodeError::Shape => json().with_bytes("true"),
            DecodeError::Charset | DecodeError::Link => json().with_bytes(&b"\"\xff\""[..]),
        },
    }
}

/// A body that is not in the coding that its head names; where none is undone, one that breaks.
fn undecodable(reply: Reply) -> Reply {
    let coding = if cfg!(feature = "gzip") {
        "gzip"
    } else if cfg!(feature = "zstd") {
        "zstd"
    } else if cfg!(feature = "brotli") {
        "br"
    } else if cfg!(feature = "deflate") {
        "deflate"
    } else {
        return reply.breaks(BodyError::Decompress);
    };
    reply.header("content-encoding", coding).with_bytes("\u{7f}this is not compressed")
}

/// The error of a body that breaks so.
pub(super) async fn of_body(kind: ErrorKind) -> Error {
    let broken = match kind {
        ErrorKind::Body(leaf) => memory::body(leaf).await,
        _ => None,
    };
    broken.unwrap_or_else(|| Error::new(kind))
}
