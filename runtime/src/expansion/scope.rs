//! The scope in which an awaiting body runs.

use std::{fmt, future::Future};

use tracing::{Instrument as _, Span};

use crate::{
    deadline::Deadline,
    error::Error,
    response::{FromResponse, FromResponseParts, Response},
};

/// The remaining time and the span of a call, in which an awaiting body of its function runs.
///
/// Calls within the body end by the [`Deadline`] of the call, and their spans are children of its span, which
/// stays open until the body ends.
///
/// ```
/// use backstop::{Error, Request, Session, expansion::{Scope, read}};
///
/// # async fn example() -> Result<(), Error> {
/// let request = Request::get("https://api.example.com/users/7").reads::<Scope>();
/// let scope = read::<Scope>(Session::shared().fetch(request).await)?;
/// let next = Request::get("https://api.example.com/users/8");
/// scope.run(Session::shared().fetch(next)).await?;
/// # Ok(())
/// # }
/// ```
pub struct Scope {
    deadline: Deadline,
    span: Span,
}

impl Scope {
    /// Runs a future in the scope.
    pub fn run<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        self.deadline.scope(future.instrument(self.span))
    }
}

impl FromResponseParts for Scope {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        let span = response.span().unwrap_or_else(Span::none);
        Ok(Self { deadline: response.deadline(), span })
    }
}

impl FromResponse for Scope {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Self::from_response_parts(&response)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
