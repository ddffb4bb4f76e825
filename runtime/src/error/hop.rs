//! The hops of a call, as its response and its error list them.

use std::fmt;

use http::StatusCode;
use url::Url;

use crate::redact;

/// A request on the wire that was answered: its URL, and the status of the answer.
///
/// [`Response::history`](crate::Response::history) and [`Error::history`](crate::Error::history) list
/// them. `Debug` redacts the URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Hop {
    url: Url,
    status: StatusCode,
}

impl Hop {
    /// A hop, for a response or an error that is made by hand.
    pub fn new(url: Url, status: StatusCode) -> Self {
        Self { url, status }
    }

    /// The URL, without user information and fragment; [redacted](crate::Error::url) in an error.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The status.
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
