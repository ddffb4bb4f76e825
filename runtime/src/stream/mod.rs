//! Bodies that are read as they arrive: by the line, by the value, and as the traits of the ecosystem.
//!
//! ```text
//! BodyStream ─► Splitter ─► Lines, JsonLines<T>
//! ```
//!
//! Each of them is a `Stream`, has a method to await the next item without one, and its errors carry the
//! facts of the call.

mod body;
mod json_lines;
mod lines;
mod split;

pub use self::{json_lines::JsonLines, lines::Lines};

/// The longest line that is read if nothing else is said, in bytes.
const DEFAULT_MAX_LINE: usize = 1024 * 1024;
