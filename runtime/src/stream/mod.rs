//! Bodies that are read as they arrive: by the line, by the value, and as the traits of the ecosystem.
//!
//! ```text
//! BodyStream ─► Splitter ─► Lines, JsonLines<T>
//! Response ─► page ─ Continuation ─► Response ─► …     Pages<T>
//! BodyStream ─► Parser ─► Events ─ Continuation ─► BodyStream ─► …
//! BodyStream ─► Download ─ Continuation ─► BodyStream ─► …
//! ```
//!
//! Each of them is a `Stream`, has a method to await the next item without one, and its errors carry the
//! facts of the call.

mod body;
mod download;
mod events;
mod json_lines;
mod lines;
mod pages;
mod split;

pub use self::{
    download::{Download, Progress},
    events::{Event, Events, FromEvent},
    json_lines::JsonLines,
    lines::Lines,
    pages::{ByBody, ByLink, ByNumber, HasNext, Items, NextPage, Pages, Paging},
};

use crate::error::{ErrorKind, Retried, TimeoutError};

/// The longest line, in bytes, unless the caller sets another limit.
const DEFAULT_MAX_LINE: usize = 1024 * 1024;

/// Whether the next connection, which is a call of its own, may succeed after this failure.
fn may_pass(kind: ErrorKind) -> bool {
    kind.facts().retried == Retried::ByDefault || kind == ErrorKind::Timeout(TimeoutError::Total)
}
