//! Values for a template's placeholders, each encoded for its place when it is given.

use std::fmt::{self, Write as _};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::form;
use crate::error::{BuildError, Error};

/// Room for most values.
const TYPICAL_VALUE: usize = 24;

/// A value for a placeholder, encoded for the place where it goes.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// Where in a URL a value goes, and with that, how it is encoded.
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

/// Percent-encodes what is written, but for RFC 3986's unreserved characters.
struct Encoded<'a> {
    into: &'a mut String,
    slash: bool,
}

/// Everything but RFC 3986's unreserved characters, which are letters, digits and these four.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');
        let reserved = if self.slash { BUT_SLASH } else { RESERVED };
        self.into.extend(utf8_percent_encode(text, reserved));
        Ok(())
    }
}
