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
            _ => write!(Encoded { into: &mut text, slash: place == Place::Segments }, "{value}"),
        };
        match written {
            Ok(()) => Ok(Self { name, place, text }),
            Err(fmt::Error) => Err(Error::build(
                BuildError::Url,
                format!("the value of `{{{name}}}` cannot be displayed"),
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
