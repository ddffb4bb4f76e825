//! Writes the value of a placeholder in the path: by `Display`, or otherwise by `Serialize` as in a query.

use std::fmt::{self, Display};

use serde::Serialize;

use crate::request::text_of;

/// Chooses how a value is written in a path.
///
/// `segment(&value).text()` is the argument of [`Request::path`](crate::Request::path): the value itself if
/// it is [`Display`], and otherwise, if it is `Serialize`, the text that it has in a query, such as the name
/// of a unit variant. A value with several parts is a build error.
///
/// ```
/// use backstop::expansion::segment;
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "kebab-case")]
/// enum State {
///     OnHold,
/// }
///
/// assert_eq!(segment(&State::OnHold).text().to_string(), "on-hold");
/// assert_eq!(segment(&7).text().to_string(), "7");
/// ```
pub fn segment<T>(value: &T) -> SegmentDisplayed<'_, T> {
    SegmentDisplayed(SegmentOptional(SegmentSerialized(SegmentAny(value))))
}

/// A value that is `Display`.
#[derive(Debug)]
pub struct SegmentDisplayed<'a, T>(SegmentOptional<'a, T>);

/// An `Option`, which cannot be a segment.
#[derive(Debug)]
pub struct SegmentOptional<'a, T>(SegmentSerialized<'a, T>);

/// A value that is `Serialize`.
#[derive(Debug)]
pub struct SegmentSerialized<'a, T>(SegmentAny<'a, T>);

/// Neither: an error asks for `Display`.
#[derive(Debug)]
pub struct SegmentAny<'a, T>(&'a T);

impl<'a, T: Display> SegmentDisplayed<'a, T> {
    /// The value.
    pub fn text(&self) -> &'a T {
        self.value()
    }
}

impl<'a, T> SegmentOptional<'a, Option<T>> {
    /// The value, if it could be displayed.
    pub fn text(&self) -> &'a Option<T>
    where
        Option<T>: Display,
    {
        self.value()
    }
}

impl<'a, T: Serialize> SegmentSerialized<'a, T> {
    /// The value as text.
    pub fn text(&self) -> Serialized<'a, T> {
        Serialized(self.value())
    }
}

impl<'a, T> SegmentAny<'a, T> {
    /// The value, if it could be displayed.
    pub fn text(&self) -> &'a T
    where
        T: Display,
    {
        self.value()
    }

    fn value(&self) -> &'a T {
        self.0
    }
}

dereference! {
    <'a, T> SegmentDisplayed<'a, T> => SegmentOptional<'a, T>;
    <'a, T> SegmentOptional<'a, T> => SegmentSerialized<'a, T>;
    <'a, T> SegmentSerialized<'a, T> => SegmentAny<'a, T>;
}

/// A value that is displayed as in a query.
#[derive(Debug)]
pub struct Serialized<'a, T>(&'a T);

impl<T: Serialize> Display for Serialized<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(self.0).ok_or(fmt::Error)?)
    }
}
