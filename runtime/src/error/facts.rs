//! What is true of every fault of a kind: one row for each leaf of the tree.

use super::kind::{
    BodyError, BuildError, ConnectError, DecodeError, DisconnectedError, ErrorKind, RedirectError,
    Sent, TimeoutError,
};

/// The facts of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// A constant for metrics: the class and the leaf.
    pub(crate) name: &'static str,
    /// How much was sent, if it happens in the first hop of the first attempt.
    pub(crate) sent: Sent,
    pub(crate) retried: Retried,
    pub(crate) cost: Cost,
}

/// Which retry policies retry a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retried {
    /// None: another try would fail alike, or there is no time for it.
    Never,
    /// Those that ask for it.
    IfAsked,
    /// All: the fault may be gone with the next try.
    ByDefault,
}

/// What a retry takes from the budget of its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Nothing if not a byte was sent, as the server has not noticed; else the usual.
    FreeIfUnsent,
    /// The usual. A connection that is not accepted, or whose handshake fails, has cost the server one.
    Usual,
    /// More, as the server may still be at work.
    Double,
}

impl ErrorKind {
    /// The row of this kind.
    pub(crate) fn facts(self) -> Facts {
        use Cost::{Double, FreeIfUnsent, Usual};
        use Retried::{ByDefault, IfAsked, Never};
        use Sent::{Maybe, No, Yes};

        const fn row(name: &'static str, sent: Sent, retried: Retried, cost: Cost) -> Facts {
            Facts { name, sent, retried, cost }
        }
        match self {
            Self::Build(leaf) => match leaf {
                BuildError::Url => row("build.url", No, Never, Usual),
                BuildError::Segment => row("build.segment", No, Never, Usual),
                BuildError::Method => row("build.method", No, Never, Usual),
                BuildError::Header => row("build.header", No, Never, Usual),
                BuildError::Body => row("build.body", No, Never, Usual),
                BuildError::Prepare => row("build.prepare", No, Never, Usual),
                BuildError::Session => row("build.session", No, Never, Usual),
            },
            // A source has its own policy for its requests.
            Self::Credentials => row("credentials", No, IfAsked, Usual),
            Self::Connect(leaf) => match leaf {
                ConnectError::Dns => row("connect.dns", No, ByDefault, FreeIfUnsent),
                ConnectError::Refused => row("connect.refused", No, ByDefault, FreeIfUnsent),
                ConnectError::Tls => row("connect.tls", No, ByDefault, Usual),
                ConnectError::Certificate => row("connect.certificate", No, IfAsked, Usual),
                ConnectError::Proxy => row("connect.proxy", No, ByDefault, Usual),
                ConnectError::Other => row("connect.other", No, ByDefault, Usual),
            },
            Self::Timeout(leaf) => match leaf {
                TimeoutError::Connect => row("timeout.connect", No, ByDefault, Double),
                TimeoutError::Attempt => row("timeout.attempt", Maybe, ByDefault, Double),
                TimeoutError::Idle => row("timeout.idle", Yes, ByDefault, Double),
                TimeoutError::Total => row("timeout.total", Maybe, Never, Double),
            },
            Self::Disconnected(leaf) => match leaf {
                DisconnectedError::Unsent => {
                    row("disconnected.unsent", No, ByDefault, FreeIfUnsent)
                }
                DisconnectedError::Closed => row("disconnected.closed", Maybe, ByDefault, Usual),
                DisconnectedError::Reset => row("disconnected.reset", Maybe, ByDefault, Usual),
                DisconnectedError::Runtime => row("disconnected.runtime", Maybe, ByDefault, Usual),
            },
            Self::Protocol => row("protocol", Maybe, IfAsked, Usual),
            Self::Redirect(leaf) => match leaf {
                RedirectError::TooMany => row("redirect.too_many", Yes, IfAsked, Usual),
                RedirectError::Location => row("redirect.location", Yes, IfAsked, Usual),
                RedirectError::Scheme => row("redirect.scheme", Yes, IfAsked, Usual),
                RedirectError::Body => row("redirect.body", Yes, IfAsked, Usual),
            },
            Self::Status(408 | 425 | 429 | 500 | 502 | 503 | 504) => {
                row("status", Yes, ByDefault, Usual)
            }
            Self::Status(_) => row("status", Yes, IfAsked, Usual),
            Self::Body(leaf) => match leaf {
                BodyError::Truncated => row("body.truncated", Yes, ByDefault, Usual),
                BodyError::Reset => row("body.reset", Yes, ByDefault, Usual),
                BodyError::Framing => row("body.framing", Yes, IfAsked, Usual),
                BodyError::Decompress => row("body.decompress", Yes, IfAsked, Usual),
                BodyError::TooLarge => row("body.too_large", Yes, IfAsked, Usual),
                BodyError::Storage => row("body.storage", Yes, IfAsked, Usual),
            },
            Self::Decode(leaf) => match leaf {
                DecodeError::ContentType => row("decode.content_type", Yes, Never, Usual),
                DecodeError::Syntax => row("decode.syntax", Yes, Never, Usual),
                DecodeError::Shape => row("decode.shape", Yes, Never, Usual),
                DecodeError::Charset => row("decode.charset", Yes, Never, Usual),
                DecodeError::Link => row("decode.link", Yes, Never, Usual),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kind_names_are_unique_and_start_with_their_class() {
        let names: BTreeSet<&str> = ErrorKind::all().map(|kind| kind.facts().name).collect();
        assert_eq!(names.len(), ErrorKind::all().count());
        for kind in ErrorKind::all() {
            let class = format!("{kind:?}").to_ascii_lowercase();
            let class = class.split('(').next().expect("a class");
            assert_eq!(kind.facts().name.split('.').next(), Some(class), "{kind:?}");
        }
    }

    #[test]
    fn only_build_decode_and_total_timeout_errors_are_never_retried() {
        for kind in ErrorKind::all() {
            let is_final = matches!(
                kind,
                ErrorKind::Build(_)
                    | ErrorKind::Decode(_)
                    | ErrorKind::Timeout(TimeoutError::Total)
            );
            assert_eq!(kind.facts().retried == Retried::Never, is_final, "{kind:?}");
        }
    }
}
