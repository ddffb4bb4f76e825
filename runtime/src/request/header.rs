//! Checks and adds headers: which values they take, which have only one, and which belong to the connection.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::secret::is_secret;
use crate::{
    error::{BuildError, Error},
    host::is_host,
};

/// A value for a header: text, a number, a [`HeaderValue`], or an `Option` of one of these. `None` omits the
/// header.
///
/// ```
/// use backstop::Request;
///
/// let tenant: Option<&str> = None;
/// let request = Request::get("https://api.example.com/users")
///     .header("accept-language", "de")
///     .header("x-page", 3)
///     .header("x-tenant", tenant);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a header",
    label = "not text, a number, a `HeaderValue`, or an `Option` of these",
    note = "give its text, as with `.to_string()`"
)]
pub trait IntoHeaderValue {
    /// The header value. `None` omits the header.
    ///
    /// # Errors
    ///
    /// If the text contains a control character, which RFC 9110 §5.5 does not allow in a field value.
    fn into_header_value(self) -> Result<Option<HeaderValue>, http::Error>;
}

impl IntoHeaderValue for HeaderValue {
    fn into_header_value(self) -> Result<Option<HeaderValue>, http::Error> {
        Ok(Some(self))
    }
}

impl<V: IntoHeaderValue> IntoHeaderValue for Option<V> {
    fn into_header_value(self) -> Result<Option<HeaderValue>, http::Error> {
        self.map_or(Ok(None), V::into_header_value)
    }
}

impl<V: IntoHeaderValue + Clone> IntoHeaderValue for &V {
    fn into_header_value(self) -> Result<Option<HeaderValue>, http::Error> {
        self.clone().into_header_value()
    }
}

macro_rules! into_header_value {
    ($($type:ty => $make:expr;)*) => { $(
        impl IntoHeaderValue for $type {
            fn into_header_value(self) -> Result<Option<HeaderValue>, http::Error> {
                let make: fn($type) -> Result<HeaderValue, http::Error> = $make;
                make(self).map(Some)
            }
        }
    )* };
}

into_header_value! {
    &str => |text| Ok(HeaderValue::from_str(text)?);
    String => |text| Ok(HeaderValue::try_from(text)?);
    std::borrow::Cow<'_, str> => |text| Ok(HeaderValue::from_str(&text)?);
    u8 => |number| Ok(u16::from(number).into());
    u16 => |number| Ok(number.into());
    u32 => |number| Ok(number.into());
    u64 => |number| Ok(number.into());
    usize => |number| Ok(number.into());
    i16 => |number| Ok(number.into());
    i32 => |number| Ok(number.into());
    i64 => |number| Ok(number.into());
    isize => |number| Ok(number.into());
    bool => |flag| Ok(HeaderValue::from_static(if flag { "true" } else { "false" }));
}

pub(crate) fn header_name(name: &str) -> Result<HeaderName, Error> {
    // The name is not repeated: if name and value were swapped, it is the value.
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Error::build(BuildError::Header, "a header's name is a token of RFC 9110 §5.1")
    })
}

/// Checks a header, marks it if it carries a credential, and adds it.
pub(crate) fn add_header(
    headers: &mut HeaderMap,
    name: &str,
    value: impl IntoHeaderValue,
) -> Result<(), Error> {
    let name = header_name(name)?;
    let mut value = match value.into_header_value() {
        Ok(Some(value)) => value,
        Ok(None) => return Ok(()),
        Err(_) => {
            return Err(Error::build(
                BuildError::Header,
                format!("the value of `{name}` holds a character that a header cannot"),
            ));
        }
    };
    check_connection(&name, &value)?;
    if name == header::HOST && !is_host(&value) {
        return Err(Error::build(
            BuildError::Header,
            "the value of `host` is not a host, with or without a port",
        ));
    }
    if is_secret(&name) {
        value.set_sensitive(true);
    }
    if name == header::COOKIE
        && let Some(before) = headers.get(header::COOKIE)
    {
        value = one_cookie(before, &value)?;
    }
    if name == header::COOKIE || is_single(&name) {
        headers.remove(&name);
    }
    append(headers, name, value)
}

/// Joins two cookie headers: a request has only one `Cookie` (RFC 6265 §5.4).
fn one_cookie(before: &HeaderValue, value: &HeaderValue) -> Result<HeaderValue, Error> {
    let both = [before.as_bytes(), value.as_bytes()].join(&b"; "[..]);
    match HeaderValue::from_bytes(&both) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Ok(value)
        }
        Err(_) => Err(Error::build(BuildError::Header, "the cookies do not make a header")),
    }
}

/// The most headers of a request. A `HeaderMap` panics at 32 768; the rest is for the headers that clients add.
const MAX_HEADERS: usize = 32_000;

/// Adds a header, if there is room.
pub(crate) fn append(
    headers: &mut HeaderMap,
    name: HeaderName,
    value: HeaderValue,
) -> Result<(), Error> {
    match headers.len() < MAX_HEADERS && headers.try_append(name, value).is_ok() {
        true => Ok(()),
        false => Err(Error::build(BuildError::Header, "there are too many headers")),
    }
}

/// Adds a header, unless there is one of this name.
pub(crate) fn set_default(
    headers: &mut HeaderMap,
    name: HeaderName,
    value: HeaderValue,
) -> Result<(), Error> {
    match headers.contains_key(&name) {
        true => Ok(()),
        false => append(headers, name, value),
    }
}

/// Whether a header has only one value: with a second, the request would be malformed or ambiguous.
fn is_single(name: &HeaderName) -> bool {
    // Most names differ in length from all of these, which is compared first.
    matches!(
        name.as_str(),
        "authorization"
            | "content-disposition"
            | "content-length"
            | "content-location"
            | "content-range"
            | "content-type"
            | "date"
            | "from"
            | "host"
            | "idempotency-key"
            | "if-modified-since"
            | "if-range"
            | "if-unmodified-since"
            | "last-modified"
            | "max-forwards"
            | "origin"
            | "proxy-authorization"
            | "range"
            | "referer"
            | "user-agent"
    )
}

/// Refuses headers that belong to the connection (RFC 9110 §7.6.1, RFC 9112 §6.1): those that frame the body,
/// change the protocol, or list connection headers. Allowed is only to close the connection, or to keep it.
fn check_connection(name: &HeaderName, value: &HeaderValue) -> Result<(), Error> {
    const OWN: [&str; 5] =
        ["transfer-encoding", "upgrade", "http2-settings", "keep-alive", "proxy-connection"];
    let only = |allowed: &[&str]| {
        value.as_bytes().split(|byte| *byte == b',').all(|option| {
            allowed
                .iter()
                .any(|allowed| option.trim_ascii().eq_ignore_ascii_case(allowed.as_bytes()))
        })
    };
    let refused = match name.as_str() {
        "connection" => !only(&["close", "keep-alive", "te"]),
        "te" => !only(&["trailers"]),
        other => OWN.contains(&other),
    };
    match refused {
        false => Ok(()),
        true => Err(Error::build(
            BuildError::Header,
            format!("`{name}` is the connection's to send: leave it out"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(headers: &[(&str, &str)]) -> Result<HeaderMap, Error> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            add_header(&mut map, name, *value)?;
        }
        Ok(map)
    }

    #[test]
    fn a_header_with_one_value_is_replaced() {
        let map = added(&[
            ("Range", "bytes=0-1"),
            ("range", "bytes=2-3"),
            ("accept", "a"),
            ("accept", "b"),
        ])
        .expect("headers");
        assert_eq!(map.get_all("range").iter().collect::<Vec<_>>(), ["bytes=2-3"]);
        assert_eq!(map.get_all("accept").iter().count(), 2);
        let map = added(&[("idempotency-key", "1"), ("Idempotency-Key", "2")]).expect("headers");
        assert_eq!(map.get_all("idempotency-key").iter().collect::<Vec<_>>(), ["2"]);
    }

    #[test]
    fn a_default_does_not_replace_a_header() {
        let mut map = added(&[("accept", "a")]).expect("headers");
        for name in [header::ACCEPT, header::RANGE] {
            set_default(&mut map, name, HeaderValue::from_static("default")).expect("room");
        }
        assert_eq!(
            (&map["accept"], &map["range"]),
            (&"a".parse().expect("a"), &"default".parse().expect("a"))
        );
    }

    #[test]
    fn too_many_headers_are_refused() {
        let mut map = HeaderMap::new();
        let value = || HeaderValue::from_static("1");
        for _ in 0..MAX_HEADERS {
            append(&mut map, header::ACCEPT, value()).expect("room");
        }
        append(&mut map, header::ACCEPT, value()).expect_err("too many");
    }

    #[test]
    fn a_host_is_replaced_and_must_be_valid() {
        let map = added(&[("host", "one.test"), ("Host", "two.test:81")]).expect("headers");
        assert_eq!(map.get_all("host").iter().collect::<Vec<_>>(), ["two.test:81"]);
        for host in ["", " ", "one.test two.test", "https://one.test"] {
            let error = added(&[("host", host)]).expect_err(host);
            assert_eq!(error.kind(), crate::ErrorKind::Build(BuildError::Header), "{host}");
        }
    }

    #[test]
    fn cookies_are_joined_to_one_header() {
        let map = added(&[("cookie", "a=1"), ("Cookie", "b=2; c=3")]).expect("headers");
        assert_eq!(map.get_all("cookie").iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
        assert!(map["cookie"].is_sensitive());
    }

    #[test]
    fn connection_specific_headers_are_refused() {
        for (name, value) in [
            ("transfer-encoding", "chunked"),
            ("Transfer-Encoding", "identity"),
            ("upgrade", "websocket"),
            ("http2-settings", "AAMAAABkAAQAAP__"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("connection", "upgrade"),
            ("connection", "close, x-api-key"),
            ("connection", ""),
            ("te", "gzip"),
            ("te", "trailers, deflate;q=0.5"),
        ] {
            let error = added(&[(name, value)]).expect_err(name);
            assert_eq!(
                error.kind(),
                crate::ErrorKind::Build(BuildError::Header),
                "{name}: {value}"
            );
        }
        for (name, value) in [
            ("connection", "close"),
            ("connection", "Keep-Alive"),
            ("connection", "TE , close"),
            ("te", "trailers"),
            ("upgrade-insecure-requests", "1"),
        ] {
            added(&[(name, value)]).expect(name);
        }
    }
}
