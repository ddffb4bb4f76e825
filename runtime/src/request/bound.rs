//! A time limit of a request, which may be left to its session.

use std::time::Duration;

/// A time limit of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The session's limit.
    #[default]
    Inherit,
    /// No limit, also if the session has one.
    Unbounded,
    /// This limit in place of the session's.
    AtMost(Duration),
}

impl Bound {
    /// The limit, where `inherited` is the session's. None for no limit.
    pub(crate) fn resolve(self, inherited: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Inherit => inherited,
            Self::Unbounded => None,
            Self::AtMost(limit) => Some(limit),
        }
    }
}

impl From<Option<Duration>> for Bound {
    fn from(limit: Option<Duration>) -> Self {
        limit.map_or(Self::Unbounded, Self::AtMost)
    }
}
