//! Parses the header `Retry-After`.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

/// The delay that a response asks for (RFC 9110 §10.2.3). None if there is no such header, or it is not valid.
pub(super) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let wait = text(header::RETRY_AFTER)?;
    if let Some(seconds) = seconds(wait) {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(wait).ok()?;
    let now = text(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now);
    Some(until.duration_since(now).unwrap_or(Duration::ZERO))
}

/// Whole seconds, or a decimal number, which is rounded up. A number that is too large is the largest `u64`.
fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let more = fraction.bytes().any(|digit| digit != b'0');
    Some(whole.parse::<u64>().unwrap_or(u64::MAX).saturating_add(more.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_whole_or_decimal_numbers() {
        for (text, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            ("2.0", Some(2)),
            ("0.129", Some(1)),
            ("1.000001", Some(2)),
            ("99999999999999999999", Some(u64::MAX)),
            ("99999999999999999999.5", Some(u64::MAX)),
            ("", None),
            ("soon", None),
            ("-1", None),
            ("+1", None),
            ("2 s", None),
            ("2s", None),
            ("1.", None),
            (".5", None),
            ("1.5.2", None),
            ("1,5", None),
            ("1e3", None),
        ] {
            assert_eq!(seconds(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_invalid_retry_after_is_ignored() {
        for text in ["", "soon", "Thu, 99 Foo 2026 00:00:00 GMT", "\u{e9}"] {
            let mut headers = HeaderMap::new();
            let value = http::HeaderValue::from_bytes(text.as_bytes()).expect("a header");
            headers.insert(header::RETRY_AFTER, value);
            assert_eq!(read(&headers), None, "{text:?}");
        }
    }
}
