//! A time limit as a request sets it, or leaves it to its session.

use std::time::Duration;

/// What a request says of one of its time limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Bound {
    /// Nothing: the session's limit counts.
    #[default]
    Inherit,
    /// There is no limit, whatever the session says.
    Unbounded,
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
