//! Headers: what their values can be made from, which are secret, and which stand once.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{
    error::{BuildError, Error},
    retry::IDEMPOTENCY_KEY,
};

/// What can stand as the value of a header: text, a number, a [`HeaderValue`], or an `Option` of
/// these, which leaves the header out when it is `None`.
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
    /// The value, `None` to leave the header out.
    ///
    /// # Errors
    ///
    /// Text with a control character: RFC 9110 §5.5 does not allow it in a field value.
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

/// Checks a header, marks it if it carries a credential, and adds it.
pub(crate) fn add_header(
    headers: &mut HeaderMap,
    name: &str,
    value: impl IntoHeaderValue,
) -> Result<(), Error> {
    // It may be the value, if the two were swapped: it is not repeated.
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        return Err(Error::build(
            BuildError::Header,
            "a header's name is a token of RFC 9110 §5.1",
        ));
    };
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
    if is_secret(&name) {
        value.set_sensitive(true);
    }
    if is_single(&name) {
        headers.remove(&name);
    }
    append(headers, name, value)
}

/// As many headers as leave room in the map, which panics at 32 768, for those of the layers below.
const MOST: usize = 32_000;

/// Adds a header, where there is room.
pub(super) fn append(
    headers: &mut HeaderMap,
    name: HeaderName,
    value: HeaderValue,
) -> Result<(), Error> {
    match headers.len() < MOST && headers.try_append(name, value).is_ok() {
        true => Ok(()),
        false => Err(Error::build(BuildError::Header, "there are too many headers")),
    }
}

/// Adds a header unless there is one of its name.
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

/// Whether a header of this name carries a credential: the standard ones, and what is called so.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    const ENDS: [&str; 8] =
        ["key", "token", "secret", "password", "session", "signature", "credential", "credentials"];
    // An idempotency key names a request, and opens nothing: it goes where the request goes.
    if *name == IDEMPOTENCY_KEY {
        return false;
    }
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION].contains(name)
        || name
            .as_str()
            .split(['-', '_'])
            .any(|word| word.starts_with("auth") || ENDS.iter().any(|end| word.ends_with(end)))
}

/// Whether a header has one value, so that a second would make the request malformed.
fn is_single(name: &HeaderName) -> bool {
    [
        header::AUTHORIZATION,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::HOST,
        header::PROXY_AUTHORIZATION,
        header::REFERER,
        header::USER_AGENT,
    ]
    .contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_names() {
        let is_secret = |name| is_secret(&HeaderName::from_static(name));
        for name in [
            "authorization",
            "cookie",
            "x-api-key",
            "x-apikey",
            "x-access-token",
            "x-accesstoken",
            "x-auth",
            "x-authentication",
            "x-session-id",
            "x-amz-signature",
            "client_secret",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["accept", "content-type", "x-tenant", "idempotency-key", "user-agent"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
