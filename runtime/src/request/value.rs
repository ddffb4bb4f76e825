//! Values of a template's placeholders, encoded for their place when they are set.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::form;
use crate::error::{BuildError, Error};

/// The initial capacity for a value.
const TYPICAL_VALUE: usize = 24;

/// A value of a placeholder, encoded for its place.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// The place of a value in the URL, which decides how it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The base URL that starts the template, not encoded.
    Base,
    /// Within one segment of the path.
    Segment,
    /// Any number of whole segments: a `/` of the value separates them.
    Segments,
    /// A segment with the `/` before it, or nothing.
    OptionalSegment,
    /// Any number of segments with the `/` before them, or nothing.
    OptionalSegments,
    /// One label of the host.
    Label,
    /// The values of one key of the query: `=a&=b`, without the key.
    Query,
}

impl Value {
    pub(crate) fn for_path(
        name: &'static str,
        place: Place,
        value: &dyn fmt::Display,
    ) -> Result<Self, Error> {
        let mut text = String::with_capacity(TYPICAL_VALUE);
        let written = match place {
            Place::Base => write!(text, "{value}"),
            _ => {
                let slash = matches!(place, Place::Segments | Place::OptionalSegments);
                if place.is_optional() {
                    text.push('/');
                }
                write!(Encoded { into: &mut text, slash }, "{value}")
            }
        };
        match written {
            Ok(()) => Ok(Self { name, place, text }),
            Err(fmt::Error) => Err(Error::build(
                BuildError::Url,
                format!("the value of `{{{name}}}` cannot be displayed"),
            )),
        }
    }

    /// The value of a place that may be left out.
    pub(crate) fn optional(
        name: &'static str,
        place: Place,
        value: Option<&dyn fmt::Display>,
    ) -> Result<Self, Error> {
        match value {
            Some(value) => Self::for_path(name, place, value),
            None => Ok(Self { name, place, text: String::new() }),
        }
    }

    /// A label of the host. What else would be one host is refused, not encoded: a `.` or a `/` would lead to
    /// another server.
    pub(crate) fn for_host(name: &'static str, value: &dyn fmt::Display) -> Result<Self, Error> {
        let text = value.to_string();
        match is_label(&text) {
            true => Ok(Self { name, place: Place::Label, text }),
            false => Err(Error::build(
                BuildError::Url,
                format!(
                    "the value of `{{{name}}}` is not one label of a host: letters, digits and `-`"
                ),
            )),
        }
    }

    pub(crate) fn for_query(
        name: &'static str,
        value: &(impl serde::Serialize + ?Sized),
    ) -> Result<Self, Error> {
        let mut text = String::new();
        match form::push_values(&mut text, name, value) {
            Ok(()) => Ok(Self { name, place: Place::Query, text }),
            Err(error) => Err(error.into_error(BuildError::Url, "query")),
        }
    }
}

/// A value as the text that a query would have, not encoded. None for one that is no single value.
pub(crate) fn text_of(value: &(impl serde::Serialize + ?Sized)) -> Option<String> {
    let mut text = String::new();
    form::push_text(&mut text, value).is_ok().then_some(text)
}

impl Place {
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::OptionalSegment | Self::OptionalSegments)
    }
}

/// A label of a host name (RFC 1123 §2.1): letters, digits and hyphens, which do not stand at its ends.
fn is_label(text: &str) -> bool {
    /// RFC 1035 §2.3.4.
    const MAX_LABEL: usize = 63;
    (1..=MAX_LABEL).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Percent-encodes all that is written, except the unreserved characters of RFC 3986.
struct Encoded<'a> {
    into: &'a mut String,
    slash: bool,
}

/// Everything except the unreserved characters of RFC 3986: letters, digits and these four.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');
        let reserved = if self.slash { BUT_SLASH } else { RESERVED };
        self.into.extend(utf8_percent_encode(text, reserved));
        Ok(())
    }
}
