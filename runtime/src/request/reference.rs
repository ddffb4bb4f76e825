//! URL references in templates, base URLs and `Location` headers.
//!
//! The URL standard accepts more than RFC 9110: it reads `http:///path` as the host `path`, `http:path` as
//! relative, `\` as `/`, and drops a tab. By RFC 9110 §4.2.1 a recipient rejects an `http` URL without a host,
//! and so do all three places.

use std::borrow::Cow;

use url::Url;

use crate::error::{BuildError, Error};

/// The longest URL that the crate `http` accepts, in bytes.
pub(crate) const MAX_URL: usize = u16::MAX as usize - 1;

/// How a reference begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlStart {
    /// `http://host` or `https://host`.
    Origin,
    /// `//host`.
    Host,
    /// A path, a query or a fragment.
    Relative,
    /// `http:` or `//` without a host.
    NoHost,
    /// A scheme that HTTP does not request: `mailto:`, or the `localhost:` of `localhost:80`.
    OtherScheme,
}

impl UrlStart {
    pub(crate) fn detect(reference: &str) -> Self {
        // A scheme ends before any of these characters (RFC 3986 §3.1); a `{` starts a placeholder.
        let end = reference.find(['/', '\\', '?', '#', '{']).unwrap_or(reference.len());
        let (scheme, rest) = match reference[..end].split_once(':') {
            Some((scheme, _)) if is_scheme(scheme) => (scheme, &reference[scheme.len() + 1..]),
            _ => match reference.strip_prefix("//") {
                Some(rest) if begins_with_host(rest) => return Self::Host,
                Some(_) => return Self::NoHost,
                None => return Self::Relative,
            },
        };
        if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Self::OtherScheme;
        }
        match rest.strip_prefix("//") {
            Some(rest) if begins_with_host(rest) => Self::Origin,
            _ => Self::NoHost,
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn begins_with_host(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['/', '\\', '?', '#'])
}

/// Whether a reference has characters that a URL parser drops (tabs, line ends) or reads as `/`. A `\` in a
/// query is harmless.
pub(crate) fn holds_unsafe(reference: &str) -> bool {
    let path = reference.split(['?', '#']).next().unwrap_or(reference);
    path.contains('\\') || reference.contains(|character: char| character.is_ascii_control())
}

pub(crate) const HOLDS_UNSAFE: &str = "it holds a `\\` or a control character";

/// Parses a URL that can be requested: `http` or `https`, with a host.
pub(crate) fn parse_http(text: &str) -> Result<Url, Error> {
    let refuse = |detail: Cow<'static, str>| Err(Error::build(BuildError::Url, detail));
    // Spaces around a URL are dropped (WHATWG URL §4.4).
    let text = text.trim_matches(|character: char| character <= ' ');
    match UrlStart::detect(text) {
        UrlStart::Origin if holds_unsafe(text) => refuse(HOLDS_UNSAFE.into()),
        UrlStart::Origin => match Url::parse(text) {
            Ok(url) => Ok(url),
            Err(error) => refuse(error.to_string().into()),
        },
        UrlStart::NoHost => refuse(NO_HOST.into()),
        // The scheme is not repeated: in `me:password@host` it is a user name.
        UrlStart::OtherScheme => refuse(OTHER_SCHEME.into()),
        UrlStart::Host | UrlStart::Relative => {
            refuse("it does not begin with `https://` or `http://`".into())
        }
    }
}

pub(super) const NO_HOST: &str = "the URL has no host";
pub(super) const OTHER_SCHEME: &str =
    "its scheme is neither `http` nor `https`: a URL begins with `https://`, a path with `/`";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_reference_is_detected() {
        for (reference, start) in [
            ("http://host", UrlStart::Origin),
            ("HTTPS://host/path", UrlStart::Origin),
            ("http://host:80?a=b", UrlStart::Origin),
            ("//host/path", UrlStart::Host),
            ("/path", UrlStart::Relative),
            ("path/to", UrlStart::Relative),
            ("?a=b:c", UrlStart::Relative),
            ("#top", UrlStart::Relative),
            ("", UrlStart::Relative),
            ("/at/12:30", UrlStart::Relative),
            ("12:30", UrlStart::Relative),
            ("go?to=http://host", UrlStart::Relative),
            ("{base}://host", UrlStart::Relative),
            ("http:", UrlStart::NoHost),
            ("http:path", UrlStart::NoHost),
            ("http:/path", UrlStart::NoHost),
            ("http:///path", UrlStart::NoHost),
            ("https://", UrlStart::NoHost),
            ("https://?a=b", UrlStart::NoHost),
            ("https:\\\\host", UrlStart::NoHost),
            ("//", UrlStart::NoHost),
            ("///host", UrlStart::NoHost),
            ("mailto:me@host", UrlStart::OtherScheme),
            ("ftp://host/", UrlStart::OtherScheme),
            ("data:,text", UrlStart::OtherScheme),
            ("localhost:8080/path", UrlStart::OtherScheme),
        ] {
            assert_eq!(UrlStart::detect(reference), start, "{reference}");
        }
    }

    #[test]
    fn a_url_of_the_maximum_length_is_a_uri() {
        let url = |length: usize| {
            let start = "http://host/";
            format!("{start}{}", "x".repeat(length - start.len()))
        };
        assert!(http::Uri::try_from(url(MAX_URL)).is_ok());
        assert!(http::Uri::try_from(url(MAX_URL + 1)).is_err());
    }

    #[test]
    fn a_base_url_needs_a_scheme_and_a_host() {
        for text in ["http://host", " https://host:81/path?a=\\ \n"] {
            parse_http(text).expect(text);
        }
        for text in ["http://host/a\\b", "ht\ntp://host/", "http://ho\tst/", "http://[bad", "host"]
        {
            let error = parse_http(text).expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::Build(BuildError::Url), "{text}");
        }
    }
}
