//! What the value of a header can be made from, and which values are secret.

use http::{HeaderName, HeaderValue, header};

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

/// Whether a header of this name carries a credential: the standard ones, and what is called a
/// key, a token or a secret.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION].contains(name)
        || name
            .as_str()
            .rsplit(['-', '_'])
            .next()
            .is_some_and(|word| ["key", "apikey", "token", "secret", "password"].contains(&word))
}
