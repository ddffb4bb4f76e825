//! JSON errors that name the position and do not repeat the data.

use std::{error::Error as StdError, fmt};

use serde_json::error::Category;

use super::{path, text};
use crate::error::{DecodeError, Error, ErrorKind};

/// A byte order mark is not JSON, and parsers may ignore it (RFC 8259 §8.1).
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

impl Error {
    /// Reads the kept [body](Error::body) as JSON, with any content type: for the errors that APIs describe
    /// in their responses.
    ///
    /// # Errors
    ///
    /// [`Decode`](ErrorKind::Decode) if the body is not JSON of this shape, or is [longer than what was
    /// kept](Error::is_body_cut), which the error then says.
    ///
    /// ```
    /// use backstop::{Error, ErrorKind};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Problem {
    ///     title: String,
    /// }
    ///
    /// let error = Error::new(ErrorKind::Status(409)).with_body(r#"{"title":"taken"}"#);
    /// let problem: Problem = error.json()?;
    /// assert_eq!(problem.title, "taken");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        let body = without_mark(self.body());
        match serde_json::from_slice(body) {
            // The part that was cut off may be more digits.
            Ok(_) if self.is_body_cut() && ends_in_a_number(body) => Err(self.cut()),
            Ok(value) => Ok(value),
            Err(error) if self.is_body_cut() && ends_early(&error, body) => {
                Err(self.cut().with_source(error))
            }
            Err(error) => Err(describe(&error, body)),
        }
    }

    fn cut(&self) -> Error {
        Error::new(ErrorKind::Decode(DecodeError::Syntax)).with_detail(format!(
            "only its first {} bytes were kept: see `error_body`",
            self.body().len()
        ))
    }
}

fn ends_in_a_number(body: &[u8]) -> bool {
    body.last().is_some_and(|byte| byte.is_ascii_digit())
}

/// Whether the text is not valid JSON only because it ends too early.
fn ends_early(error: &serde_json::Error, body: &[u8]) -> bool {
    let ends_in_a_character =
        || std::str::from_utf8(body).is_err_and(|error| error.error_len().is_none());
    error.is_eof() || ends_in_a_character()
}

/// Finds the path from serde_json's position, only after a failure, so that success costs nothing. It is not
/// generic, and so compiled once.
#[cold]
pub(crate) fn describe(error: &serde_json::Error, body: &[u8]) -> Error {
    describe_from(error, body, 1)
}

/// The same for a text whose first line is this one of the body.
#[cold]
pub(crate) fn describe_from(error: &serde_json::Error, body: &[u8], line: u64) -> Error {
    // JSON is UTF-8 (RFC 8259 §8.1); that comes before any error of syntax.
    if let Err(error) = std::str::from_utf8(body) {
        return text::not_utf8(error);
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Error::new(ErrorKind::Decode(DecodeError::Syntax))
            .with_detail("it is empty")
            .with_decode_path("$");
    }
    // serde_json reports a syntax error when a type stops reading before the value ends: that is a matter of
    // shape. It also does so for too deep nesting (RFC 8259 §9), which is none, and which only the text of the
    // error shows.
    let is_too_deep = || error.to_string().starts_with("recursion limit exceeded");
    let is_json =
        || !is_too_deep() && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let leaf = match error.classify() {
        Category::Data => DecodeError::Shape,
        _ if is_json() => DecodeError::Shape,
        _ => DecodeError::Syntax,
    };
    let path = path::at(body, error.line(), error.column());
    let cause = Cause(describe_cause(error, body, line));
    Error::new(ErrorKind::Decode(leaf))
        .with_detail(match leaf {
            DecodeError::Syntax => format!("it is not JSON at {path}"),
            _ => format!("at {path}"),
        })
        .with_decode_path(path)
        .with_source(cause)
}

/// serde's message without the data that it quotes: `invalid type: string "x", expected u64`
/// becomes `invalid type: string, expected u64`.
fn describe_cause(error: &serde_json::Error, body: &[u8], line: u64) -> String {
    let mut text = error.to_string();
    if line > 1
        && let Some(at) = text.rfind(" at line ")
    {
        text.truncate(at);
        let line = line + (error.line() as u64).saturating_sub(1);
        text.push_str(&format!(" at line {line} column {}", error.column()));
    }
    if error.classify() != Category::Data {
        return text;
    }
    let (text, position) = match text.rfind(" at line ") {
        Some(at) => text.split_at(at),
        None => (&*text, ""),
    };
    // Missing and duplicate fields, and expected values, are named by the type, not by the data.
    if text.starts_with("missing field `") || text.starts_with("duplicate field `") {
        return format!("{text}{position}");
    }
    let quotes = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown field `",
        "unknown variant `",
    ];
    if !quotes.iter().any(|start| text.starts_with(start)) {
        return format!("{}{position}", without_data(text, body));
    }
    let (found, expected) = match text.rfind(", expected ") {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    format!("{}{expected}{position}", without_quoted(found).trim_end())
}

/// A message of the type's own, with each word hidden that is also in the body.
fn without_data(text: &str, body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let mut shown = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_matches(|character: char| !character.is_alphanumeric());
        match bare.chars().count() > 2 && body.contains(bare) {
            true => shown.push_str(&word.replace(bare, "…")),
            false => shown.push_str(word),
        }
    }
    shown
}

/// Drops the text from the first to the last backtick or double quote: the data may contain some itself.
fn without_quoted(text: &str) -> String {
    match (text.find(['"', '`']), text.rfind(['"', '`'])) {
        (Some(first), Some(last)) => format!("{}{}", text[..first].trim_end(), &text[last + 1..]),
        _ => text.to_owned(),
    }
}

#[derive(Debug)]
struct Cause(String);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Cause {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::de::DeserializeOwned;

    use super::*;

    fn error<T: DeserializeOwned + fmt::Debug>(body: &str) -> Error {
        error_of::<T>(body.as_bytes())
    }

    fn error_of<T: DeserializeOwned + fmt::Debug>(body: &[u8]) -> Error {
        let body = without_mark(body);
        describe(&serde_json::from_slice::<T>(body).expect_err("it does not fit"), body)
    }

    #[test]
    fn messages_do_not_repeat_the_data() {
        for (error, text) in [
            (error::<Vec<u8>>(r#"[1, "hunter2"]"#), "invalid type: string, expected u8"),
            (error::<u8>(r#""a \" and, expected b""#), "invalid type: string, expected u8"),
            (error::<u8>("70000"), "invalid value: integer, expected u8"),
            (error::<bool>("1.5"), "invalid type: floating point, expected a boolean"),
            (error::<Option<bool>>("{}"), "invalid type: map, expected a boolean"),
        ] {
            let shown = format!("{error:#}");
            assert!(shown.contains(text), "{shown}");
            assert!(!format!("{shown}{error:?}").contains("hunter2"), "{shown}");
        }
    }

    /// Refuses every value, and repeats the value in its message.
    #[derive(Debug)]
    struct Picky;

    impl<'de> serde::Deserialize<'de> for Picky {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(serde::de::Error::custom(format!(
                "missing field in the token <{text}>, expected more"
            )))
        }
    }

    #[test]
    fn data_is_removed_from_a_type_s_own_message() {
        let shown = format!("{:#}", error::<Picky>(r#""hunter2""#));
        assert!(shown.contains("in the token <…>, expected more"), "{shown}");
    }

    #[test]
    fn json_of_a_cut_body_reports_the_cut() {
        let read = |body: &'static [u8], is_cut| {
            let error = Error::new(ErrorKind::Status(500));
            error.with_start_of_body(body.into(), is_cut).json::<serde_json::Value>()
        };
        for body in [&b"{\"title\": \"ta"[..], b"{\"a\": 1", b"[1,", b"\"\xc3", b"", b"12"] {
            let error = read(body, true).expect_err("cut");
            assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Syntax));
            assert!(error.to_string().contains("were kept"), "{error}");
        }
        // An error before the end is a syntax error with any continuation.
        for body in [&b"<html>"[..], b"{]"] {
            let error = read(body, true).expect_err("no JSON");
            assert!(!error.to_string().contains("were kept"), "{error}");
        }
        assert_eq!(read(b"{\"a\": 1} ", true).expect("whole")["a"], 1);
        assert_eq!(read(b"12", false).expect("whole"), 12);
        assert!(!read(b"[1,", false).expect_err("no JSON").to_string().contains("were kept"));
    }

    #[test]
    fn an_empty_body_is_reported_as_empty() {
        for body in ["", "\r\n", "\u{feff}"] {
            let error = error::<u8>(body);
            assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Syntax));
            assert!(error.to_string().contains("empty"), "{error}");
            assert_eq!(error.decode_path(), Some("$"));
        }
    }

    #[test]
    fn invalid_utf_8_is_a_charset_error() {
        for body in [&b"\"\xff\xfe\""[..], b"\xff\xfe{\0}\0"] {
            let error = error_of::<serde_json::Value>(body);
            assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Charset));
        }
    }

    #[test]
    fn shape_and_syntax_are_different_errors() {
        assert_eq!(error::<u8>("{}").kind(), ErrorKind::Decode(DecodeError::Shape));
        for error in [
            error::<(u8, u8)>("[1, 2, 3]"),
            error::<HashMap<u8, u8>>(r#"{"x": 1}"#),
            error::<u8>("\u{feff}1e999"),
        ] {
            assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape), "{error:#}");
        }
        for body in ["", " \n", "{", "<html>", "1 2", "{\"a\":}", "\"\\x\""] {
            assert_eq!(
                error::<serde_json::Value>(body).kind(),
                ErrorKind::Decode(DecodeError::Syntax),
                "{body}"
            );
        }
    }
}
