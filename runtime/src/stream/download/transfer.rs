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

/// The longest wait that a server may ask for. A longer one is for the caller to wait.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

pub(super) struct Transfer {
    pub(super) max_failures: u32,
    /// Whether the content may be begun anew, if it has changed or cannot be resumed.
    pub(super) may_restart: bool,
    connection: Connection,
    /// None if the request is no GET.
    continuation: Option<Continuation>,
    entity: Entity,
    /// How many bytes of the content there are.
    received: u64,
    /// How many there ever were: only beyond that is progress.
    furthest: u64,
    /// How many bytes the connection has yielded.
    of_connection: u64,
    /// How many bytes of the connection's body are to be passed over: they are there already.
    skip: u64,
    /// How often in a row the rest was asked for without a byte of it.
    failures: u32,
    resumed: u32,
    /// What broke the transfer.
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
    /// What came before is void: the content is begun anew.
    Restart,
}

impl Transfer {
    pub(super) fn new(response: Response) -> Self {
        // Of a range that the caller asks for, the rest is no content of its own.
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

    /// The URL of the content, where it can be asked for again.
    #[cfg(feature = "fs")]
    pub(super) fn url(&self) -> Option<&str> {
        self.continuation.as_ref().map(|continuation| continuation.first_url().as_str())
    }

    #[cfg(feature = "fs")]
    pub(super) fn entity(&self) -> &Entity {
        &self.entity
    }

    /// Adds the facts of the call to an error of who stores the content.
    pub(super) fn describe(&self, error: Error) -> Error {
        match (&self.connection, &self.continuation) {
            (Connection::Open(body), _) => body.describe(error),
            (_, Some(continuation)) if error.method().is_none() => continuation.describe(error),
            _ => error,
        }
    }

    /// Goes on behind bytes that are there from an earlier run. Only before the first piece.
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
                    // A range that is shorter than what was asked for.
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

    /// Counts a part, and passes over what is there already.
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

    /// The connection, or a try to make one, has failed: another one is waited for, if it may help.
    fn broken(&mut self, error: Error) -> Result<(), Error> {
        self.failures += 1;
        let may_go_on = self.received == 0 || self.can_resume() || self.may_restart;
        // What a response that broke says of it is not meant for the next.
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

    /// Asks for the rest, or for the whole where there is nothing to go on from.
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

    /// Takes the response up. Output: whether the content is begun anew.
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
                // Not what was asked for: of another content, or of another place in it.
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

    /// There is nothing behind what was received: it is the whole, or the content has changed.
    fn out_of_range(&mut self, error: &Error) -> Result<bool, Error> {
        let said = ContentRange::of(error.headers()).and_then(|range| range.length);
        let length = self.entity.length.or(said);
        if length == Some(self.received) && said.is_none_or(|said| said == self.received) {
            self.connection = Connection::Ended;
            return Ok(false);
        }
        self.start_anew()
    }

    /// Asks for the whole. Until it arrives, nothing is void.
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

    /// The error that broke the transfer, whose rest cannot be had.
    fn changed(&mut self) -> Error {
        let error = self.error.take().unwrap_or_else(truncated);
        self.end(error.with_detail("it cannot be resumed, as its content has changed"))
    }

    fn end(&mut self, error: Error) -> Error {
        self.connection = Connection::Ended;
        error
    }
}

/// The content that a whole response brings. Of a compressed one, the bytes that arrive are not those which
/// are read: no place in it can be named.
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
