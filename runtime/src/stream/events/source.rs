//! The connections of a stream of events, one after the other. Not generic: it is compiled once.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{HeaderValue, StatusCode};
use tokio::time::{Sleep, sleep};

use super::{Event, parser::Parser};
use crate::stream::may_pass;
use crate::{
    continuation::Continuation,
    error::{DecodeError, Error, ErrorKind},
    exchange::Exchange,
    response::{BodyStream, Response},
    retry,
};

/// The longest event, in bytes, unless the caller sets another limit.
const DEFAULT_MAX_EVENT: usize = 1024 * 1024;

/// The longest wait between two connections, unless the server sets a longer one.
const MAX_WAIT: Duration = Duration::from_secs(30);

pub(super) struct Source {
    pub(super) parser: Parser,
    pub(super) max_failures: u32,
    pub(super) default_wait: Duration,
    connection: Connection,
    /// None if the request is not safe to repeat.
    continuation: Option<Continuation>,
    /// How many connections in a row have failed, or ended without a byte.
    failures: u32,
}

enum Connection {
    Open(BodyStream),
    Waiting(Pin<Box<Sleep>>),
    Connecting(Exchange),
    Ended,
}

impl Source {
    pub(super) fn new(response: Response) -> Result<Self, Error> {
        let continuation =
            Continuation::of(&response).filter(|continuation| continuation.is_repeatable());
        let connection = Connection::of(response)?;
        Ok(Self {
            parser: Parser::new(DEFAULT_MAX_EVENT),
            max_failures: 10,
            default_wait: Duration::from_secs(3),
            connection,
            continuation,
            failures: 0,
        })
    }

    /// The next event of this connection or the next.
    pub(super) fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Event>, Error>> {
        loop {
            match &mut self.connection {
                Connection::Open(body) => {
                    match self.parser.next() {
                        Ok(Some(event)) => return Poll::Ready(Ok(Some(event))),
                        Ok(None) => {}
                        Err(error) => {
                            let error = body.describe(error);
                            return Poll::Ready(self.end(Some(error)));
                        }
                    }
                    match ready!(body.poll_part(context)) {
                        Ok(Some(part)) => {
                            self.failures = 0;
                            self.parser.feed(part);
                        }
                        Ok(None) => self.lost(None)?,
                        Err(error) => self.lost(Some(error))?,
                    }
                }
                Connection::Waiting(wait) => {
                    ready!(wait.as_mut().poll(context));
                    self.connect();
                }
                Connection::Connecting(exchange) => {
                    match ready!(Pin::new(exchange).poll(context)) {
                        Ok(response) => match Connection::of(response) {
                            Ok(connection) => self.connection = connection,
                            Err(error) => return Poll::Ready(self.end(Some(error))),
                        },
                        Err(error) if may_pass(error.kind()) => self.lost(Some(error))?,
                        Err(error) => return Poll::Ready(self.end(Some(error))),
                    }
                }
                Connection::Ended => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Adds the facts of the call to an error of decoding an event.
    pub(super) fn describe(&self, error: Error) -> Error {
        match &self.connection {
            Connection::Open(body) => body.describe(error),
            _ => error,
        }
    }

    /// Waits for the next connection after one that failed or ended, if another may follow.
    fn lost(&mut self, error: Option<Error>) -> Result<(), Error> {
        self.parser.restart();
        self.failures += 1;
        if self.continuation.is_none() || self.failures > self.max_failures {
            return self.end(error).map(|_| ());
        }
        let asked = error.as_ref().and_then(Error::retry_after).unwrap_or_default();
        let wait = self.wait(retry::fraction()).max(asked);
        self.connection = Connection::Waiting(Box::pin(sleep(wait)));
        Ok(())
    }

    /// The time to wait: the server's after a connection that yielded something, doubled for each that did
    /// not, with jitter.
    fn wait(&self, jitter: f64) -> Duration {
        let wait = self.parser.retry().unwrap_or(self.default_wait);
        let doublings = self.failures.saturating_sub(1);
        if doublings == 0 {
            return wait;
        }
        let longest = MAX_WAIT.max(wait);
        let doubled = wait.saturating_mul(2_u32.saturating_pow(doublings)).min(longest);
        doubled.saturating_add(doubled.mul_f64(jitter / 4.0))
    }

    fn connect(&mut self) {
        let Some(continuation) = &self.continuation else {
            self.connection = Connection::Ended;
            return;
        };
        let mut again = continuation.again().any_success();
        // In UTF-8, as in the standard. An id with a control character cannot be sent.
        let id = self.parser.last_id();
        if let Ok(id) = HeaderValue::from_bytes(id.as_bytes())
            && !id.is_empty()
        {
            again = again.header("last-event-id", id);
        }
        self.connection = Connection::Connecting(again.fetch());
    }

    fn end(&mut self, error: Option<Error>) -> Result<Option<Event>, Error> {
        self.connection = Connection::Ended;
        error.map_or(Ok(None), Err)
    }
}

impl Connection {
    fn of(response: Response) -> Result<Self, Error> {
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Self::Ended);
        }
        match response.content_type().as_deref() {
            Some("text/event-stream") => response.into_plain_stream().map(Self::Open),
            _ => {
                let error = Error::new(ErrorKind::Decode(DecodeError::ContentType));
                Err(response.describe(error.with_detail("it is not `text/event-stream`")))
            }
        }
    }
}
