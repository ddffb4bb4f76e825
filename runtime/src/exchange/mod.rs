//! One call, from a request to a response that was read.
//!
//! ```text
//! Request → call (total deadline, attempts) → attempt (hops) → hop → head → body → Response
//! ```
//!
//! All of it is one future that knows no type of the user's: it is compiled once, in this
//! crate, and is `Send` by its type. Each stage makes an [`Error`] that says what the stage
//! knows; the call adds its own facts at the end.

mod attempt;
mod deadline;
mod hop;
pub(crate) mod read;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::header;
use tokio::time::Instant;

use self::attempt::Attempt;
pub(crate) use self::deadline::Deadlines;
use crate::{
    error::{CallFacts, Error},
    request::{Parts, Request, set_default},
    response::Response,
    session::Session,
};

/// A call in progress: the future that [`Session::fetch`] returns.
///
/// Nothing happens until it is awaited. It has one type whatever is requested, and is two words
/// wide.
#[must_use = "nothing is sent until this is awaited"]
pub struct Exchange(Pin<Box<dyn Future<Output = Result<Response, Error>> + Send>>);

impl Exchange {
    pub(crate) fn new(session: Session, request: Request) -> Self {
        Self(Box::pin(call(session, request.into_parts())))
    }
}

impl Future for Exchange {
    type Output = Result<Response, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange")
    }
}

async fn call(session: Session, mut parts: Box<Parts>) -> Result<Response, Error> {
    // tokio's clock, which is the timers': under `tokio::time::pause` it stands still.
    let start = Instant::now();
    let mut attempts = 0;
    let outcome = attempts_of(&session, &mut parts, start, &mut attempts).await;
    let facts = CallFacts { method: parts.method, template: parts.template, attempts, start };
    match outcome {
        Ok(received) => Ok(Response::new(received, facts)),
        Err(error) => Err(error.of_call(&facts)),
    }
}

/// The attempts of one call, under one total deadline.
async fn attempts_of(
    session: &Session,
    parts: &mut Parts,
    start: Instant,
    attempts: &mut u32,
) -> Result<read::Received, Error> {
    let config = session.config();
    if let Some(mistake) = parts.mistake.take() {
        return Err(mistake);
    }
    let url = parts.url(config.base.as_ref())?;
    let sender = session.transport().sender()?;
    let mut headers = parts.take_headers(&config.headers)?;
    if let Some(credentials) = config.credentials_for(&url) {
        set_default(&mut headers, header::AUTHORIZATION, credentials.clone())?;
    }

    *attempts += 1;
    let deadlines = Deadlines::new(start, parts, config);
    Attempt { config, sender: &sender, parts, deadlines }.run(url, headers).await
}
