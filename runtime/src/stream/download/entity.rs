//! The validators of a content, and its ranges (RFC 9110 §8.8, §14).

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// The content that a download began with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entity {
    /// A strong validator. Without it, the download cannot be resumed.
    pub(super) validator: Option<HeaderValue>,
    /// Its length in bytes, if it is known.
    pub(super) length: Option<u64>,
}

impl Entity {
    /// By the headers of a whole response, or of a range: then the length is that of the range.
    pub(super) fn of(headers: &HeaderMap, length: Option<u64>) -> Self {
        Self { validator: validator(headers), length }
    }

    /// Whether another response is certainly of the same content.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.validator.is_some()
            && self.validator == other.validator
            && (self.length.is_none() || other.length.is_none() || self.length == other.length)
    }

    /// Whether a part of another response contradicts this: `If-Range` has been heeded otherwise.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let differ = |one: Option<u64>, other: Option<u64>| {
            one.is_some_and(|one| other.is_some_and(|other| one != other))
        };
        let changed = self.validator.is_some()
            && other.validator.is_some()
            && self.validator != other.validator;
        changed || differ(self.length, other.length)
    }
}

/// The value for `If-Range`: a strong entity tag, or a date that is as strong (RFC 9110 §8.8.2.2, §13.1.5).
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    if let Some(tag) = headers.get(header::ETAG) {
        let is_strong = tag.as_bytes().starts_with(b"\"") && tag.len() > 2;
        return is_strong.then(|| tag.clone());
    }
    let date = |name| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok();
    let modified = date(header::LAST_MODIFIED)?;
    // Within one second it may have been changed again.
    let age = date(header::DATE)?.duration_since(modified).ok()?;
    (age >= Duration::from_secs(1)).then(|| headers.get(header::LAST_MODIFIED).cloned()).flatten()
}

/// A `Content-Range` (RFC 9110 §14.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ContentRange {
    /// The first and the last byte; none if the server could not satisfy the range.
    pub(super) range: Option<(u64, u64)>,
    /// The length of the whole.
    pub(super) length: Option<u64>,
}

impl ContentRange {
    /// None if there is no such header, or it cannot be read.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(header::CONTENT_RANGE).iter();
        let text = values.next()?.to_str().ok()?;
        if values.next().is_some() {
            return None;
        }
        let (unit, rest) = text.trim().split_once(' ')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (range, length) = rest.trim().split_once('/')?;
        let length = match length {
            "*" => None,
            length => Some(number(length)?),
        };
        if range == "*" {
            return Some(Self { range: None, length });
        }
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        let is_valid = first <= last && length.is_none_or(|length| last < length);
        is_valid.then_some(Self { range: Some((first, last)), length })
    }
}

/// Digits alone: no sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_strong_validators_identify_content() {
        let (modified, later) = ("Fri, 27 Nov 2026 12:00:00 GMT", "Fri, 27 Nov 2026 12:00:01 GMT");
        for (pairs, expected) in [
            (&[("etag", "\"a\"")][..], Some("\"a\"")),
            (&[("etag", "W/\"a\"")], None),
            (&[("etag", "a")], None),
            (&[("etag", "\"\"")], None),
            (&[("etag", "\"a\""), ("last-modified", modified), ("date", later)], Some("\"a\"")),
            // A weak tag shows that the date is weak too.
            (&[("etag", "W/\"a\""), ("last-modified", modified), ("date", later)], None),
            (&[("last-modified", modified), ("date", later)], Some(modified)),
            (&[("last-modified", modified), ("date", modified)], None),
            (&[("last-modified", later), ("date", modified)], None),
            (&[("last-modified", modified)], None),
            (&[("last-modified", "yesterday"), ("date", later)], None),
            (&[], None),
        ] {
            let expected = expected.map(HeaderValue::from_static);
            assert_eq!(validator(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_malformed_content_range_is_ignored() {
        for (value, expected) in [
            ("bytes 0-9/10", Some((Some((0, 9)), Some(10)))),
            ("Bytes 5-9/*", Some((Some((5, 9)), None))),
            ("bytes */10", Some((None, Some(10)))),
            ("bytes 0-10/10", None),
            ("bytes 5-4/10", None),
            ("bytes +0-9/10", None),
            ("bytes 0-9", None),
            ("bytes=0-9/10", None),
            ("items 0-9/10", None),
            ("bytes 0-99999999999999999999/*", None),
            ("", None),
        ] {
            let read = ContentRange::of(&headers(&[("content-range", value)]));
            assert_eq!(read.map(|read| (read.range, read.length)), expected, "{value}");
        }
        assert_eq!(ContentRange::of(&HeaderMap::new()), None);
    }

    #[test]
    fn content_is_compared_by_validator_and_length() {
        let entity = |validator: Option<&'static str>, length| Entity {
            validator: validator.map(HeaderValue::from_static),
            length,
        };
        for (one, other, is_same, contradicts) in [
            (entity(Some("\"a\""), Some(1)), entity(Some("\"a\""), Some(1)), true, false),
            (entity(Some("\"a\""), Some(1)), entity(Some("\"a\""), None), true, false),
            (entity(Some("\"a\""), Some(1)), entity(Some("\"a\""), Some(2)), false, true),
            (entity(Some("\"a\""), None), entity(Some("\"b\""), None), false, true),
            (entity(Some("\"a\""), Some(1)), entity(None, Some(1)), false, false),
            (entity(None, Some(1)), entity(None, Some(1)), false, false),
        ] {
            assert_eq!((one.is_same(&other), one.contradicts(&other)), (is_same, contradicts));
        }
    }
}
