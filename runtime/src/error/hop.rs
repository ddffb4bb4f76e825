//! The hops of a call, as its response and its error list them.

use std::fmt;

use http::StatusCode;
use url::Url;

use crate::redact;

/// A request that received a response: its URL and the status of the response.
///
/// [`Response::history`](crate::Response::history) and [`Error::history`](crate::Error::history) list
/// them. `Debug` redacts the URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Hop {
    url: Url,
    status: StatusCode,
}

impl Hop {
    /// Creates a hop, for a response or an error that a test builds.
    pub fn new(url: Url, status: StatusCode) -> Self {
        Self { url, status }
    }

    /// The URL without user information and fragment. In an error it is [redacted](crate::Error::url).
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The same hop with nothing secret in its URL.
    pub(super) fn redacted(&self) -> Self {
        Self { url: redact::url(&self.url), status: self.status }
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), redact::url(&self.url))
    }
}
