//! The hook that sees each request just before it is sent:
//! [`SessionBuilder::prepare`](crate::SessionBuilder::prepare).

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use url::Url;

use crate::{
    error::{BoxError, BuildError, Error, ErrorKind},
    request::{IntoHeaderValue, add_header, header_name},
    send_body::SendBody,
    transport::Outgoing,
};

pub(crate) type Prepare = dyn Fn(&mut HopRequest<'_>) -> Result<(), BoxError> + Send + Sync;

/// One hop of a call, before it is sent: what a hook of
/// [`SessionBuilder::prepare`](crate::SessionBuilder::prepare) sees, and may add headers to.
pub struct HopRequest<'a> {
    outgoing: &'a mut Outgoing,
    position: Position,
    /// Headers that carry credentials, beside those whose name says so.
    sensitive: &'a [HeaderName],
}

/// Where in its call a hop is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position {
    pub(crate) attempt: u32,
    pub(crate) hop: u32,
    /// Whether no redirect led to another origin, and the first one is the session's.
    pub(crate) is_own_origin: bool,
    /// Whether credentials may be sent.
    pub(crate) credentials: bool,
}

impl HopRequest<'_> {
    /// The method of this hop; a redirect may have changed that of the request.
    pub fn method(&self) -> &Method {
        &self.outgoing.method
    }

    /// The URL of this hop, without user information.
    pub fn url(&self) -> &Url {
        &self.outgoing.url
    }

    /// The headers so far, credentials among them. The client adds `Host` and, for a body, its framing.
    pub fn headers(&self) -> &HeaderMap {
        &self.outgoing.headers
    }

    /// The body, empty if there is none. `None` for a stream, whose bytes are not known before they are
    /// sent.
    pub fn body(&self) -> Option<&[u8]> {
        match &self.outgoing.body {
            SendBody::None => Some(&[]),
            SendBody::Bytes(bytes) => Some(Bytes::as_ref(bytes)),
            SendBody::Stream(_) => None,
        }
    }

    /// The number of the attempt in its call, from 1.
    pub fn attempt(&self) -> u32 {
        self.position.attempt
    }

    /// The number of redirects that led here: 0 for the request that the caller made.
    pub fn redirects(&self) -> u32 {
        self.position.hop
    }

    /// Whether this hop goes to the session's origin: that of its base URL, or without one that of the
    /// request. After a redirect to another origin no later hop does.
    pub fn is_own_origin(&self) -> bool {
        self.position.is_own_origin
    }

    /// Sets a header of this hop, in place of all of its name, by the rules of
    /// [`Request::header`](crate::Request::header). One that carries credentials (a value that is marked sensitive,
    /// a name that says so, or one that the session
    /// [names](crate::SessionBuilder::sensitive_header)) is left out of a hop to another origin, unless the session
    /// [forwards credentials](crate::SessionBuilder::forward_credentials).
    ///
    /// # Errors
    ///
    /// [`BuildError::Header`], for a header that is not valid or that belongs to the connection, for a
    /// `Content-Length` that is not the body's, and for a `Host` that is not a host.
    pub fn set_header(
        &mut self,
        name: impl AsRef<str>,
        value: impl IntoHeaderValue,
    ) -> Result<(), Error> {
        let name = header_name(name.as_ref())?;
        let mut set = HeaderMap::new();
        add_header(&mut set, name.as_str(), value)?;
        let Some(mut value) = set.remove(&name) else { return Ok(()) };
        if name == header::CONTENT_LENGTH {
            self.outgoing.check_length(&value)?;
        }
        // One whose name says that it carries credentials was marked as it was added.
        if self.sensitive.contains(&name) {
            value.set_sensitive(true);
        }
        if self.position.credentials || !value.is_sensitive() {
            self.outgoing.headers.insert(name, value);
        }
        Ok(())
    }
}

impl fmt::Debug for HopRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and body may be secret.
        f.debug_struct("HopRequest")
            .field("method", &self.outgoing.method)
            .field("url", &crate::redact::url(&self.outgoing.url).as_str())
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Has a hop prepared by a hook.
pub(crate) fn prepare(
    hook: &Prepare,
    outgoing: &mut Outgoing,
    position: Position,
    sensitive: &[HeaderName],
) -> Result<(), Error> {
    hook(&mut HopRequest { outgoing, position, sensitive }).map_err(|error| {
        match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(error) => Error::new(ErrorKind::Build(BuildError::Prepare)).with_source(error),
        }
    })
}
