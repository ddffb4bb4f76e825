//! A body that the user reads as it arrives.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::{Parts, payload::Payload, read::too_large};
use crate::{error::Error, timers::AttemptTimers};

/// The body of a response as it arrives, decompressed.
///
/// Each part has to arrive within the idle timeout. Dropping the stream before its end closes
/// the connection.
///
/// ```no_run
/// use backstop::{BodyStream, Error, request};
///
/// #[request(get = "https://example.com/archive/{name}")]
/// async fn size_of(name: &str, #[response] mut body: BodyStream) -> Result<usize, Error> {
///     let mut size = 0;
///     while let Some(part) = body.part().await? {
///         size += part.len();
///     }
///     Ok(size)
/// }
/// ```
pub struct BodyStream {
    source: Source,
    /// What its errors say of the response; none where nothing is left to fail.
    response: Option<Arc<Parts>>,
}

enum Source {
    Open(Box<Open>),
    /// What was read already; empty at the end.
    Whole(Bytes),
}

/// A body that is still to be read.
struct Open {
    payload: Payload,
    timers: AttemptTimers,
    limit: Option<u64>,
    read: u64,
}

impl BodyStream {
    pub(crate) fn new(payload: Payload, timers: AttemptTimers, limit: Option<u64>) -> Self {
        let open = Open { payload, timers, limit, read: 0 };
        Self { source: Source::Open(Box::new(open)), response: None }
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self { source: Source::Whole(bytes), response: None }
    }

    pub(super) fn with_response(mut self, response: Arc<Parts>) -> Self {
        self.response = Some(response);
        self
    }

    /// The next part, which is never empty; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Body`](crate::ErrorKind::Body) if the body is cut short, malformed, or larger than a
    /// [`max_body`](crate::Request::max_body) that the request set, and
    /// [`TimeoutError::Idle`](crate::TimeoutError::Idle) if it stalls. After an error the body is
    /// at its end.
    pub async fn part(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let part = match self.source.next().await {
                Ok(Some(part)) if part.is_empty() => continue,
                Ok(part) => part,
                Err(error) => {
                    self.source = Source::Whole(Bytes::new());
                    return Err(self.describe(error));
                }
            };
            return Ok(part);
        }
    }

    fn describe(&self, error: Error) -> Error {
        match &self.response {
            Some(response) => response.describe(error),
            None => error,
        }
    }
}

impl Source {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => Ok(None),
            Self::Whole(bytes) => Ok(Some(std::mem::take(bytes))),
            // The timer needs one.
            Self::Open(_) if Handle::try_current().is_err() => Err(Error::no_runtime()),
            Self::Open(open) => {
                let Open { payload, timers, limit, read } = &mut **open;
                let part = payload.part(timers).await?;
                *read += part.as_ref().map_or(0, |part| part.len() as u64);
                match limit {
                    Some(limit) if *read > *limit => Err(too_large(*limit)),
                    _ => Ok(part),
                }
            }
        }
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyStream")
    }
}
