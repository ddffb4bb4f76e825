//! The transfer of one content, over as many connections as it takes.

use std::{
    future::Future as _,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use http::{HeaderMap, Method, StatusCode, header};
use tokio::time::{Sleep, sleep};

use super::{
    Progress,
    entity::{ContentRange, Entity},
};
use crate::stream::may_pass;
use crate::{
    continuation::Continuation,
    error::{BodyError, Error, ErrorKind},
    exchange::Exchange,
    response::{BodyStream, Response},
    retry,
};

/// The wait before the first try in a row, and the longest between two.
const WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(10)];

/// The longest wait that a server may ask for. A longer one ends the download.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

pub(super) struct Transfer {
    pub(super) max_failures: u32,
    /// Whether the content may be begun anew, if it has changed or cannot be resumed.
    pub(super) may_restart: bool,
    connection: Connection,
    /// None if the request is no GET.
    continuation: Option<Continuation>,
    entity: Entity,
    /// How many bytes of the content have arrived.
    received: u64,
    /// The most bytes that ever arrived: progress is what goes beyond.
    furthest: u64,
    /// How many bytes the connection has yielded.
    of_connection: u64,
    /// How many bytes of the connection's body to skip, as they have arrived before.
    skip: u64,
    /// How many requests in a row have yielded no byte.
    failures: u32,
    resumed: u32,
    /// The error that broke the transfer.
    error: Option<Error>,
}

enum Connection {
    Open(BodyStream),
    Waiting(Pin<Box<Sleep>>),
    Connecting(Exchange),
    Ended,
}

/// What a transfer yields.
pub(super) enum Piece {
    Data(Bytes),
    /// The parts before are void: the content starts anew.
    Restart,
}

impl Transfer {
    pub(super) fn new(response: Response) -> Self {
        // A range that the caller asked for cannot be resumed.
        let continuation = Continuation::of(&response)
            .filter(|it| *it.method() == Method::GET && !it.has_header(&header::RANGE));
        let mut transfer = Self {
            max_failures: 5,
            may_restart: false,
            connection: Connection::Ended,
            continuation,
            entity: Entity { validator: None, length: None },
            received: 0,
            furthest: 0,
            of_connection: 0,
            skip: 0,
            failures: 0,
            resumed: 0,
            error: None,
        };
        transfer.begin(response);
        transfer
    }

    pub(super) fn progress(&self) -> Progress {
        Progress { received: self.received, total: self.entity.length, resumed: self.resumed }
    }

    /// The URL of the content, if it can be requested again.
    #[cfg(feature = "fs")]
    pub(super) fn url(&self) -> Option<&str> {
        self.continuation.as_ref().map(|continuation| continuation.first_url().as_str())
    }

    #[cfg(feature = "fs")]
    pub(super) fn entity(&self) -> &Entity {
        &self.entity
    }

    /// Adds the facts of the call to an error of storing the content.
    pub(super) fn describe(&self, error: Error) -> Error {
        match (&self.connection, &self.continuation) {
            (Connection::Open(body), _) => body.describe(error),
            (_, Some(continuation)) if error.method().is_none() => continuation.describe(error),
            _ => error,
        }
    }

    /// Resumes after the bytes of an earlier run. Only before the first piece.
    #[cfg(feature = "fs")]
    pub(super) fn go_on_from(&mut self, received: u64) {
        self.received = received;
        self.resumed += 1;
        match self.entity.length == Some(received) {
            true => self.connection = Connection::Ended,
            false => self.connect(),
        }
    }

    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Piece>, Error>> {
        loop {
            match &mut self.connection {
                Connection::Open(body) => match ready!(body.poll_part(context)) {
                    Ok(Some(part)) => {
                        if let Some(data) = self.accept(part)? {
                            return Poll::Ready(Ok(Some(Piece::Data(data))));
                        }
                    }
                    Ok(None) if self.is_whole() => self.connection = Connection::Ended,
                    // A range that is shorter than requested.
                    Ok(None) if self.of_connection > 0 => self.connect(),
                    Ok(None) => self.broken(truncated())?,
                    Err(error) => self.broken(error)?,
                },
                Connection::Waiting(wait) => {
                    ready!(wait.as_mut().poll(context));
                    self.connect();
                }
                Connection::Connecting(exchange) => {
                    let outcome = ready!(Pin::new(exchange).poll(context));
                    if self.connected(outcome)? {
                        return Poll::Ready(Ok(Some(Piece::Restart)));
                    }
                }
                Connection::Ended => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Counts a part, and skips the bytes that have arrived before.
    fn accept(&mut self, mut part: Bytes) -> Result<Option<Bytes>, Error> {
        let over = usize::try_from(self.skip).unwrap_or(usize::MAX).min(part.len());
        self.skip -= over as u64;
        part.advance(over);
        if part.is_empty() {
            return Ok(None);
        }
        self.received += part.len() as u64;
        self.of_connection += part.len() as u64;
        if self.entity.length.is_some_and(|length| self.received > length) {
            let error = Error::new(ErrorKind::Body(BodyError::Framing));
            let error = self.describe(error.with_detail("it is longer than it was said to be"));
            return Err(self.end(error));
        }
        if self.received > self.furthest {
            self.furthest = self.received;
            self.failures = 0;
        }
        Ok(Some(part))
    }

    fn is_whole(&self) -> bool {
        self.entity.length.is_none_or(|length| self.received == length)
    }

    fn can_resume(&self) -> bool {
        self.entity.validator.is_some()
    }

    /// Waits for the next connection after a failure, if another may succeed.
    fn broken(&mut self, error: Error) -> Result<(), Error> {
        self.failures += 1;
        let may_go_on = self.received == 0 || self.can_resume() || self.may_restart;
        // The headers of the response that broke do not describe the next one.
        let asked = if error.is_status() { error.retry_after() } else { None };
        let asked = asked.unwrap_or_default();
        if self.continuation.is_none()
            || asked > MAX_RETRY_AFTER
            || self.failures > self.max_failures
            || !may_pass(error.kind())
            || !may_go_on
        {
            return Err(self.end(error));
        }
        let [first, longest] = WAITS;
        let wait = first.saturating_mul(2_u32.saturating_pow(self.failures - 1)).min(longest);
        let wait = wait.mul_f64((1.0 + retry::fraction()) / 2.0);
        self.error = Some(error);
        self.connection = Connection::Waiting(Box::pin(sleep(wait.max(asked))));
        Ok(())
    }

    /// Requests the rest, or the whole if nothing can be resumed.
    fn connect(&mut self) {
        let Some(continuation) = &self.continuation else {
            self.connection = Connection::Ended;
            return;
        };
        let mut again = continuation.again().any_success();
        if self.received > 0
            && let Some(validator) = &self.entity.validator
        {
            again = again
                .header("range", format!("bytes={}-", self.received))
                .header("if-range", validator.clone());
        }
        self.connection = Connection::Connecting(again.fetch());
    }

    /// Goes on with a response. Output: whether the content starts anew.
    fn connected(&mut self, outcome: Result<Response, Error>) -> Result<bool, Error> {
        let response = match outcome {
            Ok(response) => response,
            Err(error) if error.kind() == ErrorKind::Status(416) => {
                return self.out_of_range(&error);
            }
            Err(error) => return self.broken(error).map(|()| false),
        };
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return match self.continues(response.headers()) {
                true => {
                    self.open(response);
                    Ok(false)
                }
                // Not the requested range: other content, or another position.
                false => self.start_anew(),
            };
        }
        let entity = entity(&response);
        if self.received > 0 && self.entity.is_same(&entity) {
            // The server ignores ranges.
            self.open(response);
            self.skip = self.received;
            return Ok(false);
        }
        if self.received > 0 && !self.may_restart {
            return Err(self.changed());
        }
        let is_anew = mem::take(&mut self.received) > 0;
        self.begin(response);
        Ok(is_anew)
    }

    /// Whether a range is the rest of the content.
    fn continues(&mut self, headers: &HeaderMap) -> bool {
        let Some(ContentRange { range: Some((first, _)), length }) = ContentRange::of(headers)
        else {
            return false;
        };
        let is_plain = headers
            .get(header::CONTENT_ENCODING)
            .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        let continues = self.received > 0
            && first == self.received
            && is_plain
            && !self.entity.contradicts(&Entity::of(headers, length));
        if continues {
            self.entity.length = self.entity.length.or(length);
        }
        continues
    }

    /// There are no bytes after those received: they are the whole, or the content has changed.
    fn out_of_range(&mut self, error: &Error) -> Result<bool, Error> {
        let said = ContentRange::of(error.headers()).and_then(|range| range.length);
        let length = self.entity.length.or(said);
        if length == Some(self.received) && said.is_none_or(|said| said == self.received) {
            self.connection = Connection::Ended;
            return Ok(false);
        }
        self.start_anew()
    }

    /// Requests the whole. The parts so far are void only when it arrives.
    fn start_anew(&mut self) -> Result<bool, Error> {
        if !self.may_restart {
            return Err(self.changed());
        }
        self.failures += 1;
        if self.failures > self.max_failures {
            return Err(self.changed());
        }
        self.entity = Entity { validator: None, length: None };
        self.connect();
        Ok(false)
    }

    fn begin(&mut self, response: Response) {
        self.entity = entity(&response);
        self.open(response);
    }

    fn open(&mut self, response: Response) {
        if self.error.take().is_some() {
            self.resumed += 1;
        }
        self.skip = 0;
        self.of_connection = 0;
        self.connection = Connection::Open(response.into_stream());
    }

    /// The error that broke the transfer, where the rest cannot be fetched.
    fn changed(&mut self) -> Error {
        let error = self.error.take().unwrap_or_else(truncated);
        self.end(error.with_detail("it cannot be resumed, as its content has changed"))
    }

    fn end(&mut self, error: Error) -> Error {
        self.connection = Connection::Ended;
        error
    }
}

/// The content of a whole response. A compressed one has no validator: the bytes that arrive are not those
/// that are read, so a range of it cannot be requested.
fn entity(response: &Response) -> Entity {
    if response.is_coded() || response.status() == StatusCode::PARTIAL_CONTENT {
        return Entity { validator: None, length: None };
    }
    let length = response.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    Entity::of(response.headers(), length)
}

fn truncated() -> Error {
    Error::new(ErrorKind::Body(BodyError::Truncated))
}
