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

/// The events of a `text/event-stream`, read by the rules of the WHATWG standard (HTML §9.2) that browsers
/// follow.
///
/// The first connection is part of the call: if it fails or has another content type, the call fails. When a
/// connection ends or is lost, the stream **reconnects** with `Last-Event-ID`, after the delay that the
/// server set with `retry` (3 s by default). The delay doubles with each connection in a row that yields
/// nothing, up to 30 s. After [10 such connections](Events::reconnects), the stream ends with the last error.
/// It ends at once if a new connection would not help, for example after the status 401 or another content
/// type. The status 204 ends the stream without an error, as in the standard. A request that is not safe to
/// repeat, such as a POST, is never sent again: the stream ends with the body.
///
/// The idle timeout (20 s by default) limits the time between two parts of a body. A comment is a part, so a
/// server that sends one every 15 s, as the standard suggests, causes no timeout. Set the timeout longer than
/// the server's interval.
///
/// An item is an [`Event`], or a type that implements [`FromEvent`]: `Events<Json<T>>` decodes the data as
/// JSON. An event that cannot be decoded is one error item, and the next event can still be read. `Events`
/// implements `Stream`; [`event`](Events::event) awaits the next event without that trait.
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
    /// Sets how many connections in a row may fail, or end without a byte, before the stream ends. The
    /// default is 10. With 0, the stream ends with its first connection.
    #[must_use]
    pub fn reconnects(mut self, times: u32) -> Self {
        self.source.max_failures = times;
        self
    }

    /// Sets the delay before reconnecting, if the server sets none. The default is 3 s.
    #[must_use]
    pub fn reconnect_after(mut self, wait: Duration) -> Self {
        self.source.default_wait = wait;
        self
    }

    /// Sets the maximum size of an event, in bytes. The default is 1 MiB. A larger event ends the stream with
    /// an error.
    #[must_use]
    pub fn max_event(mut self, bytes: usize) -> Self {
        self.source.parser.set_limit(bytes);
        self
    }

    /// The id of the last event that arrived completely, with or without data. Empty if there was none. A
    /// later call with this id in the header `last-event-id` continues after that event.
    pub fn last_event_id(&self) -> &str {
        self.source.parser.last_id()
    }
}

impl<T: FromEvent> Events<T> {
    /// The next event; `None` at the end. If the future is dropped, no event is lost.
    ///
    /// # Errors
    ///
    /// The error of an event that cannot be [decoded](FromEvent); the next event can still be read. When the
    /// stream stops reconnecting, the error of the last connection.
    /// [`BodyError::TooLarge`](crate::BodyError::TooLarge) if an event exceeds the limit. After one of the
    /// last two errors, there are no more events.
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
