//! The values of the `Authorization` header.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

use super::header::IntoHeaderValue;
use crate::error::{BuildError, Error};

/// Removes the user information from a URL, and returns it as the value of `Authorization`.
pub(crate) fn take_userinfo(url: &mut Url) -> Result<Option<HeaderValue>, Error> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    // As bytes: it need not be UTF-8.
    let decoded = |text| percent_decode_str(text).collect::<Vec<u8>>();
    let credentials = basic(&decoded(url.username()), &decoded(url.password().unwrap_or("")));
    // They fail only for a URL without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    credentials.map(Some)
}

/// A sensitive header value of this text.
pub(crate) fn secret(text: &str) -> Result<HeaderValue, Error> {
    match HeaderValue::from_str(text) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Ok(value)
        }
        Err(_) => Err(not_credentials()),
    }
}

fn not_credentials() -> Error {
    Error::build(BuildError::Header, "the credentials hold a character that a header cannot")
}

/// The value for a bearer token (RFC 6750). None for a token of `None`.
pub(super) fn bearer(token: impl IntoHeaderValue) -> Result<Option<HeaderValue>, Error> {
    let Some(token) = token.into_header_value().map_err(|_| not_credentials())? else {
        return Ok(None);
    };
    let token = token.to_str().map_err(|_| not_credentials())?;
    secret(&format!("Bearer {token}")).map(Some)
}

/// The value for a user name and a password (RFC 7617 §2). Neither may contain a control character, and the
/// name no `:`.
pub(crate) fn basic(user: &[u8], password: &[u8]) -> Result<HeaderValue, Error> {
    let refuse = |detail| Err(Error::build(BuildError::Header, detail));
    if user.contains(&b':') {
        return refuse("a user name for basic authentication cannot hold a `:`");
    }
    if [user, password].concat().iter().any(u8::is_ascii_control) {
        return refuse("a control character cannot stand in basic authentication");
    }
    let both = [user, password].join(&b':');
    secret(&format!("Basic {}", BASE64_STANDARD.encode(both)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn userinfo(text: &str) -> Result<Option<HeaderValue>, Error> {
        let mut url = Url::parse(text).expect("a URL");
        let taken = take_userinfo(&mut url);
        assert!(!url.as_str().contains('@'), "{url}");
        taken
    }

    #[test]
    fn user_information_is_decoded() {
        for (text, plain) in [
            ("http://u%40d:1%3d2%3f%C3%A9@host/", "u@d:1=2?\u{e9}".as_bytes()),
            ("http://only@host/", b"only:"),
            ("http://:pw@host/", b":pw"),
            ("http://me:p%3Aw@host/", b"me:p:w"),
            ("http://caf%E9:pw@host/", b"caf\xe9:pw"),
        ] {
            let value = userinfo(text).expect(text).expect("credentials");
            assert_eq!(value, format!("Basic {}", BASE64_STANDARD.encode(plain)), "{text}");
            assert!(value.is_sensitive());
        }
        assert!(userinfo("http://host/").expect("none").is_none());
    }

    #[test]
    fn user_information_that_basic_authentication_cannot_carry_is_refused() {
        for text in [
            "http://a%3Ab:pw@host/",
            "http://a%3ab@host/",
            "http://me:a%0Ab@host/",
            "http://%00@host/",
        ] {
            let error = userinfo(text).expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::Build(BuildError::Header), "{text}");
        }
    }
}
