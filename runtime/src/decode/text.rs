//! Bytes → text, by the charset that the content type names.

use http::HeaderValue;

use crate::error::{DecodeError, Error, ErrorKind};

pub(crate) fn decode(body: &[u8], content_type: Option<&HeaderValue>) -> Result<String, Error> {
    let charset = content_type.and_then(|value| charset(value.to_str().ok()?));
    // A byte order mark is stronger than what the header says (WHATWG Encoding §6).
    if let Some(body) = body.strip_prefix(b"\xEF\xBB\xBF") {
        return utf8(body);
    }
    match charset.as_deref() {
        None | Some("" | "utf-8" | "utf8") => utf8(body),
        Some(label) => by_label(body, label),
    }
}

/// The `charset` parameter of a media type (RFC 9110 §8.3.2), in lower case.
fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches(['"', '\'']).trim().to_ascii_lowercase())
    })
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
    let encoding = Encoding::for_bom(body).map_or(encoding, |(marked, _)| marked);
    match encoding.decode_with_bom_removal(body) {
        (text, false) => Ok(text.into_owned()),
        (_, true) => Err(not_text(format!("a byte sequence is not {}", encoding.name()))),
    }
}

#[cfg(not(feature = "charset"))]
fn by_label(body: &[u8], label: &str) -> Result<String, Error> {
    match label {
        "us-ascii" | "ascii" => utf8(body),
        "iso-8859-1" | "latin1" => Ok(body.iter().copied().map(char::from).collect()),
        _ => Err(not_text("the charset is not known without the feature `charset`")),
    }
}

fn not_text(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Decode(DecodeError::Charset)).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &[u8], content_type: &'static str) -> Option<String> {
        decode(body, Some(&HeaderValue::from_static(content_type))).ok()
    }

    #[test]
    fn utf8_unless_told_otherwise() {
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
        for content_type in
            ["text/html; charset=ISO-8859-1", "text/html;x=y; Charset = \"iso-8859-1\""]
        {
            assert_eq!(text(b"\xE9", content_type).as_deref(), Some("é"), "{content_type}");
        }
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
