//! Server-sent events: a stream that reconnects.
//!
//! ```text
//! body ─ Parser ─► Event ─ FromEvent ─► item
//!   └─ lost ─► wait ─ Continuation, Last-Event-ID ─► body
//! ```

mod event;
mod parser;
mod source;

use std::{
    fmt,
    future::poll_fn,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_core::Stream;

pub use self::event::{Event, FromEvent};
use self::source::Source;
use crate::{
    error::Error,
    response::{FromResponse, Response},
};

/// The events of a `text/event-stream`, by the rules of the WHATWG (HTML §9.2) that browsers follow.
///
/// The first connection is part of the call: if it fails, or has another content type, the call fails. When a
/// connection ends or breaks, the stream **reconnects** with the last `Last-Event-ID`, after the time that the
/// server set by `retry` (3 s by default). The wait doubles with each connection in a row that yields nothing,
/// up to 30 s. After [10 of them](Events::reconnects) the stream ends with the last error; it ends at once
/// where another connection would not help, as after the status 401 or another content type. The status 204
/// ends it, as in the standard. A request that is not safe to repeat, such as a POST, is never sent again: the
/// stream ends with the body.
///
/// The idle timeout (20 s by default) bounds the time between two parts of a body, and comments count: a
/// server that sends one every 15 s, as the standard suggests, is alive. Set it longer than the server's
/// interval.
///
/// The item is an [`Event`], or a type that is [made from it](FromEvent): `Events<Json<T>>` decodes its data as
/// JSON. An event that cannot be decoded is an error and one item; the next event follows. It is a `Stream`;
/// [`event`](Events::event) awaits the next one without that trait.
///
/// ```no_run
/// use backstop::{Error, Events, Json, request};
///
/// #[derive(serde::Deserialize)]
/// struct Price { symbol: String, cents: u64 }
///
/// #[request(get = "https://api.example.com/prices", timeout(idle = 60s))]
/// async fn prices() -> Result<Events<Json<Price>>, Error>;
///
/// # async fn example() -> Result<(), Error> {
/// let mut prices = prices().await?;
/// while let Some(Json(price)) = prices.event().await? {
///     println!("{} {}", price.symbol, price.cents);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Events<T = Event> {
    source: Source,
    items: PhantomData<fn() -> T>,
}

impl<T> Events<T> {
    /// How many connections in a row may fail, or end without a byte, until the stream gives up; 10 by
    /// default. With 0, the stream ends with its first connection.
    #[must_use]
    pub fn reconnects(mut self, times: u32) -> Self {
        self.source.max_failures = times;
        self
    }

    /// The time to wait before reconnecting, unless the server sets one: 3 s by default.
    #[must_use]
    pub fn reconnect_after(mut self, wait: Duration) -> Self {
        self.source.default_wait = wait;
        self
    }

    /// Bounds an event, in bytes; 1 MiB by default. A longer one ends the stream with an error.
    #[must_use]
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.source.parser.set_limit(bytes);
        self
    }

    /// The id of the last event that arrived whole, with or without data; empty if there was none. A later call
    /// with this id in the header `last-event-id` goes on from there.
    pub fn last_event_id(&self) -> &str {
        self.source.parser.last_id()
    }
}

impl<T: FromEvent> Events<T> {
    /// The next event; `None` at the end. If the future is dropped, no event is lost.
    ///
    /// # Errors
    ///
    /// That of an event which cannot be [decoded](FromEvent): the next event follows. The error of the last
    /// connection, when the stream gives up, and [`BodyError::TooLarge`](crate::BodyError::TooLarge) for an
    /// event beyond the limit: then there are no more events.
    pub async fn event(&mut self) -> Result<Option<T>, Error> {
        poll_fn(|context| self.poll_event(context)).await
    }

    fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<T>, Error>> {
        let Some(event) = ready!(self.source.poll_event(context))? else {
            return Poll::Ready(Ok(None));
        };
        let item = T::from_event(event).map_err(|error| self.source.describe(error))?;
        Poll::Ready(Ok(Some(item)))
    }
}

impl<T: FromEvent> Stream for Events<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(context).map(Result::transpose)
    }
}

impl<T: FromEvent> FromResponse for Events<T> {
    const STREAMING: bool = true;
    const CONTINUED: bool = true;
    // As browsers ask (WHATWG HTML §9.2.2).
    const HEADERS: &'static [(&'static str, &'static str)] =
        &[("accept", "text/event-stream"), ("cache-control", "no-store")];

    fn from_response(response: Response) -> Result<Self, Error> {
        Source::new(response).map(|source| Self { source, items: PhantomData })
    }
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}
