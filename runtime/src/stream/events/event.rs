//! A server-sent event, and the types that can be made from it.

use std::fmt;

use serde::de::DeserializeOwned;

use crate::{decode, error::Error, response::Json};

/// A server-sent event.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Event {
    /// The type of the event. `message` if the server sent none.
    pub event: String,
    /// The data. Its lines are separated by LF.
    pub data: String,
    /// The last id that the server sent, with this event or an earlier one. Empty if there was none.
    pub id: String,
}

impl Event {
    /// Decodes the data as JSON.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode), with the [path](Error::decode_path) of the value that could not
    /// be decoded, and the start of the data as the error's [body](Error::body).
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.data).map_err(|error| {
            let data = self.data.as_bytes();
            decode::json_error(&error, data).with_start_of(data)
        })
    }
}

/// Omits the data, which may be secret.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event", &self.event)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .finish_non_exhaustive()
    }
}

/// A type that can be read from an event. It is implemented for [`Event`], for `String` (the data), and for
/// `Json<T>` (the data as JSON).
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
    /// Reads the value.
    ///
    /// # Errors
    ///
    /// Usually [`Decode`](crate::ErrorKind::Decode), from [`Event::json`]. The error is an item of the
    /// stream, with the facts of the call. The next event can still be read.
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
