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
    classify::{self, Known, NoHead},
    direct::memory,
    error::{BodyError, DecodeError, DisconnectedError, Error, ErrorKind, TimeoutError},
};

/// What a script answers for a fault of this kind.
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
        // More than any limit: it is refused by its announced length, or as it comes where there is none.
        ErrorKind::Body(BodyError::TooLarge) => {
            json().header("content-length", (u64::MAX / 2).to_string()).step(Step::Break(kind))
        }
        ErrorKind::Decode(leaf) => match leaf {
            DecodeError::ContentType => {
                Reply::bytes("<!doctype html>").header("content-type", "text/html")
            }
            DecodeError::Syntax => json().with_bytes("{"),
            // Neither a scalar nor an object, and deeper than the lists that are read.
            DecodeError::Shape => json().with_bytes("[[[[[[[[]]]]]]]]"),
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

/// The failure of a hop that has no head, if it is one of the client's.
pub(super) async fn no_head(kind: ErrorKind) -> Option<NoHead> {
    let (error, is_unsent) = memory::no_head(kind).await?;
    // The runtime of the connection is gone if that is the fault, and is this one else.
    let is_alive = kind != ErrorKind::Disconnected(DisconnectedError::Runtime);
    Some(classify::direct(error, Known { is_unsent, is_alive, ..Known::default() }))
}

/// The error of a body that breaks so.
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
    async fn a_failure_in_memory_is_of_the_kind_that_was_asked_for() {
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
    async fn a_failure_in_memory_leaves_no_task_behind() {
        let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        no_head(ErrorKind::Disconnected(DisconnectedError::Reset)).await.expect("a failure");
        of_body(ErrorKind::Body(BodyError::Truncated)).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert_eq!(alive(), 0);
    }
}
