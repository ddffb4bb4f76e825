//! Faults: how a script makes a call fail with an error of a given kind.
//!
//! Each fault occurs where the real one does. A fault of the client is hyper's own error on an in-memory
//! connection ([`memory`]). A fault of a response is a response with that defect. A fault of a timer names a
//! timer of the call. A fault before anything is sent ends the call before its first attempt.

use super::{
    body::Step,
    reply::{Reply, What},
};
use crate::{
    classify::{self, Known, NoHead},
    direct::memory,
    error::{BodyError, DecodeError, DisconnectedError, Error, ErrorKind, TimeoutError},
};

/// The reply that produces a fault of this kind.
pub(super) fn reply(kind: ErrorKind) -> Reply {
    let json = || Reply::ok().header("content-type", "application/json");
    match kind {
        ErrorKind::Build(_)
        | ErrorKind::Credentials
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
        // Above every limit. A call that has no limit fails at the end of the body.
        ErrorKind::Body(BodyError::TooLarge) => {
            json().header("content-length", (u64::MAX / 2).to_string()).step(Step::Break(kind))
        }
        ErrorKind::Decode(leaf) => match leaf {
            DecodeError::ContentType => {
                Reply::bytes("<!doctype html>").header("content-type", "text/html")
            }
            DecodeError::Syntax => json().with_bytes("{"),
            // Neither a scalar nor an object, and nested more deeply than the lists that types usually have.
            DecodeError::Shape => json().with_bytes("[[[[[[[[]]]]]]]]"),
            DecodeError::Charset | DecodeError::Link => json().with_bytes(&b"\"\xff\""[..]),
        },
    }
}

/// A body that is not in the content coding that its head declares. Without decompression, a body that
/// breaks.
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

/// The failure of a hop without a head, if a fault of this kind is the client's.
pub(super) async fn no_head(kind: ErrorKind) -> Option<NoHead> {
    let (error, is_unsent) = memory::no_head(kind).await?;
    // For this fault the connection's runtime has ended; for others it is the current one.
    let is_alive = kind != ErrorKind::Disconnected(DisconnectedError::Runtime);
    Some(classify::direct(error, Known { is_unsent, is_alive, ..Known::default() }))
}

/// The error of a body that breaks with this kind.
pub(super) async fn of_body(kind: ErrorKind) -> Error {
    let broken = match kind {
        ErrorKind::Body(leaf) => memory::body(leaf).await.map(classify::received),
        _ => None,
    };
    broken.unwrap_or_else(|| Error::new(kind))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::error::{ConnectError, Sent};

    #[tokio::test]
    async fn an_in_memory_fault_has_the_requested_kind() {
        for kind in [
            ErrorKind::Connect(ConnectError::Dns),
            ErrorKind::Connect(ConnectError::Refused),
            ErrorKind::Connect(ConnectError::Tls),
            ErrorKind::Connect(ConnectError::Certificate),
            ErrorKind::Connect(ConnectError::Proxy),
            ErrorKind::Connect(ConnectError::Other),
            ErrorKind::Timeout(TimeoutError::Connect),
            ErrorKind::Disconnected(DisconnectedError::Unsent),
            ErrorKind::Disconnected(DisconnectedError::Closed),
            ErrorKind::Disconnected(DisconnectedError::Reset),
            ErrorKind::Disconnected(DisconnectedError::Runtime),
            ErrorKind::Protocol,
        ] {
            let error = no_head(kind).await.expect("a failure").error;
            assert_eq!(error.kind(), kind, "{error:#}");
            assert!(error.source().is_some(), "{error:#}");
            if kind != ErrorKind::Protocol {
                assert_eq!(error.sent(), Error::new(kind).sent(), "{error:#}");
            }
        }
        for leaf in [BodyError::Truncated, BodyError::Reset, BodyError::Framing] {
            let error = of_body(ErrorKind::Body(leaf)).await;
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Body(leaf), Sent::Yes));
            assert!(error.source().is_some(), "{error:#}");
        }
    }

    #[tokio::test]
    async fn an_in_memory_fault_leaves_no_task() {
        let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        no_head(ErrorKind::Disconnected(DisconnectedError::Reset)).await.expect("a failure");
        of_body(ErrorKind::Body(BodyError::Truncated)).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(alive(), 0);
    }
}
