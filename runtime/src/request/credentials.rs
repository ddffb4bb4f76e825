//! Who asks: the values of the `Authorization` header.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;

use super::header::IntoHeaderValue;
use crate::error::{BuildError, Error};

/// Removes user information from a URL, for the header that it stands for.
pub(crate) fn take_userinfo(url: &mut Url) -> Result<Option<HeaderValue>, Error> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy();
    let credentials = basic(&decoded(url.username()), &decoded(url.password().unwrap_or("")));
    // They fail for a URL without a host, and this one is requested by its host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    credentials.map(Some)
}

fn secret(text: &str) -> Result<HeaderValue, Error> {
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

/// The header's value by RFC 6750, if there is a token.
pub(super) fn bearer(token: impl IntoHeaderValue) -> Result<Option<HeaderValue>, Error> {
    let Some(token) = token.into_header_value().map_err(|_| not_credentials())? else {
        return Ok(None);
    };
    let token = token.to_str().map_err(|_| not_credentials())?;
    secret(&format!("Bearer {token}")).map(Some)
}

/// The header's value by RFC 7617.
pub(super) fn basic(user: &str, password: &str) -> Result<HeaderValue, Error> {
    secret(&format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}
