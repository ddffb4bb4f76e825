//! Decodes text by the charset that the content type names.

use std::borrow::Cow;

use http::HeaderValue;

use crate::error::{DecodeError, Error, ErrorKind};

/// The text of a body. A byte order mark has precedence over the charset of the content type (WHATWG Encoding
/// §6).
pub(crate) fn decode(body: &[u8], content_type: Option<&HeaderValue>) -> Result<String, Error> {
    match marked(body) {
        Some(Mark::Utf8(body)) => return utf8(body),
        Some(Mark::Utf16(label)) => return by_label(body, label),
        None => {}
    }
    by_charset(body, content_type.and_then(charset).as_deref())
}

fn by_charset(body: &[u8], charset: Option<&str>) -> Result<String, Error> {
    match charset {
        None | Some("" | "utf-8" | "utf8") => utf8(body),
        Some(label) if is_ascii(label) => ascii(body),
        Some(label) => by_label(body, label),
    }
}

/// The charset of a text that is read line by line. A mark stands at the start of the first line alone.
#[cfg(feature = "stream")]
pub(crate) struct LineCharset {
    label: Option<String>,
    is_first: bool,
}

#[cfg(feature = "stream")]
impl LineCharset {
    /// As the content type says; UTF-8, if it does not.
    pub(crate) fn of(content_type: Option<&HeaderValue>) -> Self {
        Self { label: content_type.and_then(charset), is_first: true }
    }

    /// The text of the next line.
    pub(crate) fn decode(&mut self, line: &[u8]) -> Result<String, Error> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        if self.label.as_deref().is_some_and(|label| label.starts_with("utf-16")) {
            return Err(not_text("UTF-16 is not read line by line"));
        }
        match marked(line) {
            Some(Mark::Utf8(line)) if is_first => {
                self.label = None;
                utf8(line)
            }
            Some(Mark::Utf16(_)) if is_first => Err(not_text("UTF-16 is not read line by line")),
            _ => by_charset(line, self.label.as_deref()),
        }
    }
}

/// Whether a body is declared, or marked, as UTF-16 or UTF-32, which JSON is not.
pub(crate) fn is_wide(body: &[u8], content_type: Option<&HeaderValue>) -> bool {
    match marked(body) {
        Some(Mark::Utf8(_)) => false,
        Some(Mark::Utf16(_)) => true,
        None => content_type.and_then(charset).is_some_and(|label| {
            [
                "utf-16",
                "utf16",
                "utf-32",
                "utf32",
                "ucs-2",
                "ucs-4",
                "unicode",
                "csunicode",
                "iso-10646",
            ]
            .iter()
            .any(|wide| label.starts_with(wide))
        }),
    }
}

enum Mark<'a> {
    /// The bytes after the mark.
    Utf8(&'a [u8]),
    /// The label of the encoding, which skips the mark itself.
    Utf16(&'static str),
}

fn marked(body: &[u8]) -> Option<Mark<'_>> {
    match body {
        [0xEF, 0xBB, 0xBF, body @ ..] => Some(Mark::Utf8(body)),
        [0xFE, 0xFF, ..] => Some(Mark::Utf16("utf-16be")),
        [0xFF, 0xFE, ..] => Some(Mark::Utf16("utf-16le")),
        _ => None,
    }
}

/// The `charset` parameter of a media type (RFC 9110 §8.3.2), in lower case. The first of several counts,
/// and text within the quotes of another parameter is not one.
fn charset(content_type: &HeaderValue) -> Option<String> {
    // As Latin-1: a byte that is not ASCII in one parameter does not affect the others.
    let text: String = content_type.as_bytes().iter().copied().map(char::from).collect();
    let (_, mut rest) = text.split_once(';')?;
    loop {
        let (name, value) = match rest.find(['=', ';']) {
            Some(at) if rest[at..].starts_with('=') => (&rest[..at], &rest[at + 1..]),
            // A parameter without a value.
            Some(at) => {
                rest = &rest[at + 1..];
                continue;
            }
            None => return None,
        };
        let (value, after) = parameter_value(value.trim_start());
        if name.trim().eq_ignore_ascii_case("charset") {
            return Some(value.trim().trim_matches('\'').trim().to_ascii_lowercase());
        }
        rest = after.split_once(';').map_or("", |(_, rest)| rest);
    }
}

/// Splits off a token or a quoted string (RFC 9110 §5.6.4).
fn parameter_value(text: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].into(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value.into(), &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value.into(), "")
}

/// Whether a label is one of US-ASCII in the IANA registry. Browsers read it as windows-1252; here, bytes above
/// 127 are an error, as the text is then in another charset than declared.
fn is_ascii(label: &str) -> bool {
    const NAMES: [&str; 11] = [
        "us-ascii",
        "ascii",
        "us",
        "iso646-us",
        "iso_646.irv:1991",
        "ansi_x3.4-1968",
        "ansi_x3.4-1986",
        "iso-ir-6",
        "ibm367",
        "cp367",
        "csascii",
    ];
    NAMES.contains(&label)
}

fn ascii(body: &[u8]) -> Result<String, Error> {
    match body.iter().position(|byte| !byte.is_ascii()) {
        None => utf8(body),
        Some(at) => Err(not_text(format!("byte {at} is not ASCII"))),
    }
}

fn utf8(body: &[u8]) -> Result<String, Error> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => Err(not_utf8(error)),
    }
}

pub(super) fn not_utf8(error: std::str::Utf8Error) -> Error {
    not_text(format!("byte {} is not UTF-8", error.valid_up_to()))
}

#[cfg(feature = "charset")]
fn by_label(body: &[u8], label: &str) -> Result<String, Error> {
    use encoding_rs::Encoding;

    let Some(encoding) = Encoding::for_label(label.as_bytes()) else {
        return Err(not_text("the charset is not known"));
    };
    match encoding.decode_with_bom_removal(body) {
        (text, false) => Ok(text.into_owned()),
        (_, true) => Err(not_text(format!("a byte sequence is not {}", encoding.name()))),
    }
}

#[cfg(not(feature = "charset"))]
fn by_label(body: &[u8], label: &str) -> Result<String, Error> {
    match label {
        "iso-8859-1" | "latin1" => Ok(body.iter().copied().map(char::from).collect()),
        _ => Err(not_text("the charset is not known without the feature `charset`")),
    }
}

fn not_text(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Decode(DecodeError::Charset)).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &[u8], content_type: &'static str) -> Option<String> {
        decode(body, Some(&HeaderValue::from_static(content_type))).ok()
    }

    #[test]
    fn the_default_charset_is_utf_8() {
        assert_eq!(text("é".as_bytes(), "text/plain").as_deref(), Some("é"));
        assert_eq!(text(b"\xEF\xBB\xBFa", "text/plain; charset=x").as_deref(), Some("a"));
        assert_eq!(text("é".as_bytes(), "text/plain; charset=").as_deref(), Some("é"));
        assert_eq!(text("é".as_bytes(), "text/plain; charset='UTF-8'").as_deref(), Some("é"));
        assert_eq!(text(b"\xE9", "text/plain"), None);
        assert_eq!(text(b"\xE9", "text/plain; charset=utf-8"), None);
        assert_eq!(text(b"a", "text/plain; charset=klingon"), None);
    }

    #[test]
    fn a_charset_is_found_among_parameters() {
        for content_type in [
            "text/html; charset=ISO-8859-1",
            "text/html;x=y; Charset = \"iso-8859-1\"",
            "text/html; x=\"a; charset=utf-16\"; charset=iso-8859-1",
            "text/html; x=\"a\\\"; charset=utf-8\"; charset=iso-8859-1",
            "text/html; x=\"\\\\\"; charset=\"iso-8859\\-1\"",
            "text/html; x; charset=iso-8859-1; charset=utf-8",
            "text/html; xcharset=utf-8; x-charset=utf-8; charset=iso-8859-1",
            "text/html;;; charset=iso-8859-1 ; x=\"",
        ] {
            assert_eq!(text(b"\xE9", content_type).as_deref(), Some("é"), "{content_type}");
        }
        for content_type in [
            "text/html; x=\"a; charset=iso-8859-1\"",
            "text/html; x=\"; charset=iso-8859-1",
            "charset=iso-8859-1",
        ] {
            assert_eq!(text(b"\xE9", content_type), None, "{content_type}");
        }
        let latin1 =
            HeaderValue::from_bytes(b"text/html; x=\xe9; charset=iso-8859-1").expect("a value");
        assert_eq!(decode(b"\xE9", Some(&latin1)).ok().as_deref(), Some("é"));
    }

    #[test]
    fn ascii_with_high_bytes_is_refused() {
        for content_type in ["text/plain; charset=us-ascii", "text/plain; charset=ASCII"] {
            assert_eq!(text(b"a", content_type).as_deref(), Some("a"));
            assert_eq!(text(b"\xE9", content_type), None);
            assert_eq!(text("é".as_bytes(), content_type), None);
        }
    }

    #[test]
    fn a_byte_order_mark_overrides_the_charset() {
        for label in ["utf-8", "utf-16", "utf-16be", "us-ascii", "iso-8859-1", "klingon", ""] {
            let content_type = HeaderValue::from_str(&format!("text/plain; charset={label}"));
            let content_type = Some(content_type.expect("a value"));
            let text = |body| decode(body, content_type.as_ref()).ok();
            assert_eq!(text("\u{feff}é".as_bytes()).as_deref(), Some("é"), "{label}");
            let wide = cfg!(feature = "charset").then_some("é");
            assert_eq!(text(b"\xFE\xFF\0\xE9").as_deref(), wide, "{label}");
            assert_eq!(text(b"\xFF\xFE\xE9\0").as_deref(), wide, "{label}");
        }
        assert_eq!(decode(b"\xFE\xFF\0a", None).is_ok(), cfg!(feature = "charset"));
    }

    #[cfg(feature = "charset")]
    #[test]
    fn other_charsets_are_decoded() {
        assert_eq!(
            text(b"\x93\xFA\x96\x7B", "text/plain; charset=shift_jis").as_deref(),
            Some("日本")
        );
        assert_eq!(text(b"\xFF", "text/plain; charset=shift_jis"), None);
        assert_eq!(text(b"\xFE\xFF\0a", "text/plain; charset=utf-16").as_deref(), Some("a"));
        assert_eq!(text(b"\xFF\xFEa\0", "text/plain; charset=utf-16").as_deref(), Some("a"));
        assert_eq!(text(b"a\0b", "text/plain; charset=utf-16"), None);
    }
}
