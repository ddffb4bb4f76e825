//! A server-sent event, and the types that can be made from it.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::{decode, error::Error, response::Json};

/// A server-sent event.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Event {
    /// Its type: `message`, if the server names none.
    pub event: String,
    /// Its data, whose lines are separated by LF.
    pub data: String,
    /// The last id that the server sent, with this event or before; empty if there was none.
    pub id: String,
}

impl Event {
    /// The data as JSON.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode) with the [path](Error::decode_path) of the value at fault, and
    /// the start of the data as the error's [body](Error::body).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.data).map_err(|error| {
            let data = self.data.as_bytes();
            decode::json_error(&error, data).with_start_of(data)
        })
    }
}

/// The data may be secret.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event", &self.event)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .finish_non_exhaustive()
    }
}

/// A type that is made from an event: [`Event`] itself, its data as a `String`, or `Json<T>` of its data.
///
/// ```
/// use backstop::{Error, Event, FromEvent};
///
/// enum Update {
///     Price(u64),
///     Other,
/// }
///
/// impl FromEvent for Update {
///     fn from_event(event: Event) -> Result<Self, Error> {
///         Ok(match &*event.event {
///             "price" => Self::Price(event.json()?),
///             _ => Self::Other,
///         })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from an event",
    label = "does not implement `FromEvent`",
    note = "for data in JSON, read `Events<Json<{Self}>>`"
)]
pub trait FromEvent: Sized {
    /// Makes the value.
    ///
    /// # Errors
    ///
    /// Usually [`Decode`](crate::ErrorKind::Decode), as [`Event::json`] returns it. The error is an item of
    /// the stream and gets the facts of the call; the next event can still be read.
    fn from_event(event: Event) -> Result<Self, Error>;
}

impl FromEvent for Event {
    fn from_event(event: Event) -> Result<Self, Error> {
        Ok(event)
    }
}

impl FromEvent for String {
    fn from_event(event: Event) -> Result<Self, Error> {
        Ok(event.data)
    }
}

impl<T: DeserializeOwned> FromEvent for Json<T> {
    fn from_event(event: Event) -> Result<Self, Error> {
        event.json().map(Json)
    }
}
