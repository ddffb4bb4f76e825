//! URL templates: `https://host/users/{id}?page={page}` and values → a URL.
//!
//! A value never leaves the place that its placeholder has. Everything but RFC 3986's
//! unreserved characters is percent-encoded when the value is given ([`Encoded`]), and
//! what encoding cannot help with (a segment that is empty, `.` or `..`) is refused
//! when the URL is put together ([`Template::url`]), before anything is sent. As the
//! values are encoded and the text is read once, a value that holds `{other}` is
//! just text.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::error::{BuildError, Error};

/// The longest URL that the `http` crate takes, in bytes.
pub(crate) const MAX_URL: usize = u16::MAX as usize - 1;

/// A value for a placeholder, encoded for the place where it goes.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// Where in a URL a value goes, and with that, how it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The base URL that starts the template, not encoded.
    Base,
    /// Within one segment of the path.
    Segment,
    /// Any number of whole segments: a `/` of the value separates them.
    Segments,
    /// The values of one key of the query: `=a&=b`, without the key.
    Query,
}

impl Value {
    pub(crate) fn of_path(
        name: &'static str,
        place: Place,
        value: &dyn fmt::Display,
    ) -> Result<Self, Error> {
        let mut text = String::new();
        let written = match place {
            Place::Base => write!(text, "{value}"),
            _ => write!(Encoded { into: &mut text, slash: place == Place::Segments }, "{value}"),
        };
        match written {
            Ok(()) => Ok(Self { name, place, text }),
            Err(fmt::Error) => Err(Error::build(
                BuildError::Url,
                format!("the value of `{{{name}}}` cannot be displayed"),
            )),
        }
    }

    pub(crate) fn of_query(
        name: &'static str,
        value: &impl serde::Serialize,
    ) -> Result<Self, Error> {
        let mut text = String::new();
        match serde_html_form::ser::push_to_string(&mut text, [("", value)]) {
            Ok(()) => Ok(Self { name, place: Place::Query, text }),
            Err(_) => Err(Error::build(
                BuildError::Url,
                format!("the value of `{{{name}}}` is not one that a query can hold"),
            )),
        }
    }
}

/// Percent-encodes what is written, but for RFC 3986's unreserved characters.
struct Encoded<'a> {
    into: &'a mut String,
    slash: bool,
}

/// Everything but RFC 3986's unreserved characters, which are letters, digits and these four.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');
        let reserved = if self.slash { BUT_SLASH } else { RESERVED };
        self.into.extend(utf8_percent_encode(text, reserved));
        Ok(())
    }
}

/// A template with its values, about to become a URL.
pub(crate) struct Template<'a> {
    pub(crate) text: &'a str,
    pub(crate) values: &'a [Value],
    /// Pairs to append to the query, encoded.
    pub(crate) query: &'a str,
}

/// What stands before the path: the origin, and the path and query of a base URL.
struct Start<'a> {
    url: Cow<'a, str>,
    query: Option<String>,
    rest: &'a str,
}

impl Template<'_> {
    /// The URL, on the session's base if the template has no origin of its own.
    pub(crate) fn url(&self, base: Option<&Url>) -> Result<Url, Error> {
        let Start { url: start, query: start_query, rest } = self.start(base)?;
        let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, query),
            None => (rest, ""),
        };

        let mut text = String::with_capacity(start.len() + rest.len() + self.query.len() + 32);
        text.push_str(&start);
        if !path.is_empty() {
            if text.ends_with('/') {
                text.pop();
            }
            for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
                text.push('/');
                self.push_segment(&mut text, segment)?;
            }
        }
        let path_end = text.len();
        push_pairs(&mut text, start_query.as_deref().unwrap_or_default());
        self.push_query(&mut text, query)?;
        push_pairs(&mut text, self.query);
        if text.len() > path_end {
            // Every pair was pushed behind a `&`; the first of them starts the query.
            text.replace_range(path_end..=path_end, "?");
        }
        self.check_values_used()?;
        let url = parse_http(&text)?;
        match url.as_str().len() <= MAX_URL {
            true => Ok(url),
            false => {
                Err(Error::build(BuildError::Url, format!("it is longer than {MAX_URL} bytes")))
            }
        }
    }

    /// Splits off the base URL or the origin.
    fn start<'a>(&'a self, base: Option<&'a Url>) -> Result<Start<'a>, Error> {
        if let Some(after) = self.text.strip_prefix('{') {
            let (name, rest) = split_name(after)?;
            if let Some(value) = self.find(name, &[Place::Base])? {
                return Ok(Start::of_base(parse_http(&value.text)?, rest));
            }
        }
        match self.text.split_once("://") {
            // A scheme has no `/`, `?` or `{` before it: else it is a path that holds a URL.
            Some((scheme, after)) if !scheme.contains(['/', '?', '{']) => {
                let end = after.find(['/', '?', '#', '\\']).unwrap_or(after.len());
                if end == 0 {
                    return Err(Error::build(BuildError::Url, "the URL has no host"));
                }
                let (origin, rest) = self.text.split_at(scheme.len() + "://".len() + end);
                if origin.contains(['{', '}']) {
                    return Err(Error::build(
                        BuildError::Url,
                        "a placeholder in the host could send the request to another server; \
                         start the template with a placeholder for the base URL",
                    ));
                }
                Ok(Start { url: origin.into(), query: None, rest })
            }
            _ if self.text.starts_with("//") => {
                Err(Error::build(BuildError::Url, "`//` starts a host without a scheme"))
            }
            _ => match base {
                Some(base) => Ok(Start::of_base(base.clone(), self.text)),
                None => Err(Error::build(
                    BuildError::Url,
                    "the template has no scheme and host, and the session has no base URL",
                )),
            },
        }
    }

    fn push_segment(&self, text: &mut String, segment: &str) -> Result<(), Error> {
        let start = text.len();
        let mut rest = segment;
        let mut filled = None;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(literal(before)?);
            let (name, after) = split_name(after)?;
            let value = match name.strip_prefix('*') {
                Some(name) => self.find(name, &[Place::Segments])?,
                None => self.find(name, &[Place::Segment])?,
            };
            let Some(value) = value else {
                return Err(Error::build(
                    BuildError::Url,
                    format!("the placeholder `{{{name}}}` was given no value for its place"),
                ));
            };
            text.push_str(&value.text);
            filled = Some(name);
            rest = after;
        }
        text.push_str(literal(rest)?);
        let Some(name) = filled else { return Ok(()) };
        // `{*rest}` may have brought several segments: the rule is for each of them.
        for segment in text[start..].split('/') {
            let what = match dots(segment) {
                Some(0) => "empty",
                Some(1) => "`.`",
                Some(2) => "`..`",
                _ => continue,
            };
            return Err(Error::build(
                BuildError::Segment,
                format!("the segment of `{{{name}}}` is {what}"),
            ));
        }
        Ok(())
    }

    fn push_query(&self, text: &mut String, query: &str) -> Result<(), Error> {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((before, after)) = pair.split_once('{') else {
                text.push('&');
                text.push_str(literal(pair)?);
                continue;
            };
            let (name, after) = split_name(after)?;
            let key = before.strip_suffix('=').filter(|key| !key.is_empty() && after.is_empty());
            let value = self.find(name, &[Place::Query])?;
            let (Some(key), Some(value)) = (key, value) else {
                return Err(Error::build(
                    BuildError::Url,
                    match key {
                        Some(_) => {
                            format!("the placeholder `{{{name}}}` was given no value for its place")
                        }
                        None => format!("in the query, write the placeholder as `key={{{name}}}`"),
                    },
                ));
            };
            // `=a&=b` is two values of the key; nothing at all is a value that is left out.
            for value in value.text.split('&').filter(|value| !value.is_empty()) {
                text.push('&');
                text.push_str(literal(key)?);
                text.push_str(value);
            }
        }
        Ok(())
    }

    /// The value for a placeholder, if it was given for one of these places.
    fn find(&self, name: &str, places: &[Place]) -> Result<Option<&Value>, Error> {
        if name.is_empty() {
            return Err(Error::build(BuildError::Url, "a placeholder has no name"));
        }
        Ok(self.values.iter().find(|value| value.name == name && places.contains(&value.place)))
    }

    /// A value without a placeholder would be dropped in silence.
    fn check_values_used(&self) -> Result<(), Error> {
        let text = self.text.split_once('#').map_or(self.text, |(text, _)| text);
        let placeholders =
            || text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0));
        for Value { name, place, .. } in self.values {
            let is_whole = *place == Place::Segments;
            let stands_for = |placeholder: &str| match placeholder.strip_prefix('*') {
                Some(placeholder) => is_whole && placeholder == *name,
                None => !is_whole && placeholder == *name,
            };
            if !placeholders().any(stands_for) {
                return Err(Error::build(
                    BuildError::Url,
                    format!("a value was given for `{name}`, which the template does not hold"),
                ));
            }
        }
        Ok(())
    }
}

impl<'a> Start<'a> {
    /// The base keeps its own path, and what follows is appended to it.
    fn of_base(mut base: Url, rest: &'a str) -> Self {
        let query = base.query().filter(|query| !query.is_empty()).map(str::to_owned);
        base.set_query(None);
        base.set_fragment(None);
        Self { url: String::from(base).into(), query, rest }
    }
}

/// Input: what follows a `{`. Output: the placeholder's name, and what follows its `}`.
fn split_name(after: &str) -> Result<(&str, &str), Error> {
    match after.split_once('}') {
        Some((name, rest)) if !name.contains('{') => Ok((name, rest)),
        _ => Err(Error::build(BuildError::Url, "a `{` in the template is not closed")),
    }
}

/// How many dots a segment consists of, if of nothing else. A URL parser takes `%2e` for one.
fn dots(segment: &str) -> Option<usize> {
    let mut rest = segment;
    let mut dots = 0;
    while !rest.is_empty() {
        rest = [".", "%2e", "%2E"].iter().find_map(|dot| rest.strip_prefix(dot))?;
        dots += 1;
    }
    Some(dots)
}

/// Checks text of the template itself. A URL parser drops tabs and line ends, so that what they kept
/// apart would become one, and takes `\` for `/`.
fn literal(text: &str) -> Result<&str, Error> {
    if text.contains('}') {
        return Err(Error::build(BuildError::Url, "a `}` in the template closes nothing"));
    }
    if text.contains(|character: char| character.is_ascii_control() || character == '\\') {
        return Err(Error::build(
            BuildError::Url,
            "the template holds a `\\` or a control character",
        ));
    }
    Ok(text)
}

fn push_pairs(text: &mut String, pairs: &str) {
    if !pairs.is_empty() {
        text.push('&');
        text.push_str(pairs);
    }
}

/// Parses a URL that can be requested: `http` or `https`, with a host.
pub(crate) fn parse_http(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| Error::build(BuildError::Url, error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        "http" | "https" => Err(Error::build(BuildError::Url, "the URL has no host")),
        // It may be a user's name: `me:password@host` is not repeated.
        _ => Err(Error::build(BuildError::Url, "its scheme is neither `http` nor `https`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn filled(text: &str, values: &[Value], base: Option<&str>) -> Result<String, Error> {
        let base = base.map(|base| parse_http(base).expect("a base"));
        Template { text, values, query: "" }.url(base.as_ref()).map(String::from)
    }

    fn segment(value: &str) -> Value {
        Value::of_path("v", Place::Segment, &value).expect("displayed")
    }

    #[test]
    fn a_value_stays_in_its_segment() {
        for (value, path) in [
            ("7", "/u/7/posts"),
            ("../x", "/u/..%2Fx/posts"),
            ("%2e%2e", "/u/%252e%252e/posts"),
            ("a/b", "/u/a%2Fb/posts"),
            ("a?b#c", "/u/a%3Fb%23c/posts"),
            ("//host/x", "/u/%2F%2Fhost%2Fx/posts"),
            (".\n.", "/u/.%0A./posts"),
            ("a\tb", "/u/a%09b/posts"),
            ("..\\..\\admin", "/u/..%5C..%5Cadmin/posts"),
            ("{w}", "/u/%7Bw%7D/posts"),
            ("é", "/u/%C3%A9/posts"),
            ("...", "/u/.../posts"),
        ] {
            assert_eq!(
                filled("http://h/u/{v}/posts", &[segment(value)], None).expect(value),
                format!("http://h{path}")
            );
        }
    }

    #[test]
    fn a_segment_that_means_another_is_refused() {
        for (template, value) in [
            ("http://h/u/{v}/posts", ""),
            ("http://h/u/{v}/posts", "."),
            ("http://h/u/{v}/posts", ".."),
            ("http://h/u/.{v}/posts", "."),
            ("http://h/u/%2E{v}/posts", "."),
            ("http://h/u/%2{v}./posts", "e"),
        ] {
            let error = filled(template, &[segment(value)], None).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment), "{template} {value}");
        }
        let rest = |value: &str| [Value::of_path("v", Place::Segments, &value).expect("displayed")];
        assert_eq!(
            filled("http://h/{*v}/end", &rest("a/b c"), None).expect("a/b c"),
            "http://h/a/b%20c/end"
        );
        for value in ["a/../b", "a//b", "/a", ""] {
            let error = filled("http://h/{*v}/end", &rest(value), None).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Segment), "{value}");
        }
    }

    #[test]
    fn a_base_keeps_its_path_and_query() {
        let base = |value: &str| [Value::of_path("b", Place::Base, &value).expect("displayed")];
        for (text, value, url) in [
            ("{b}/users", "http://h/api/v1", "http://h/api/v1/users"),
            ("{b}/users", "http://h/api/v1/", "http://h/api/v1/users"),
            ("{b}users", "http://h/api/v1/", "http://h/api/v1/users"),
            ("{b}", "http://h/a/?x=1#top", "http://h/a/?x=1"),
            ("{b}?y=2", "http://h/a?x=1", "http://h/a?x=1&y=2"),
        ] {
            assert_eq!(filled(text, &base(value), None).expect(text), url);
        }
        assert_eq!(
            filled("users?y=2", &[], Some("http://h/v1")).expect("relative"),
            "http://h/v1/users?y=2"
        );
        assert_eq!(
            filled("/users", &[], Some("http://h/v1/")).expect("relative"),
            "http://h/v1/users"
        );
        for value in ["/relative", "ftp://h/", "mailto:x", "https://", "not a url"] {
            let error = filled("{b}/users", &base(value), None).expect_err(value);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{value}");
        }
    }

    #[test]
    fn a_query_value_is_dropped_given_or_repeated() {
        let query =
            |values: Option<Vec<&str>>| [Value::of_query("v", &values).expect("a query value")];
        let text = "http://h/?a=1&k={v}";
        assert_eq!(filled(text, &query(None), None).expect("none"), "http://h/?a=1");
        assert_eq!(
            filled(text, &query(Some(vec!["x&y=z", "b c"])), None).expect("two"),
            "http://h/?a=1&k=x%26y%3Dz&k=b+c"
        );
        assert_eq!(filled(text, &query(Some(vec![])), None).expect("empty"), "http://h/?a=1");
        let empty = [Value::of_query("v", &"").expect("a query value")];
        assert_eq!(filled(text, &empty, None).expect("empty"), "http://h/?a=1&k=");
    }

    #[test]
    fn a_template_that_does_not_fit_is_a_build_error() {
        for text in [
            "http://{v}/",
            "http:///{v}",
            "http://h/a\\{v}",
            "http://h/{v",
            "http://h/v}",
            "http://h/{v}{w}",
            "http://h/{}?k={v}",
            "http://h/?{v}=1",
            "http://h/?k=a{v}",
            "http://h/",
            "//h/{v}",
            "/{v}",
            "ftp://h/{v}",
            "http://h/a\tb/{v}",
        ] {
            let error = filled(text, &[segment("x")], None).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Build(BuildError::Url), "{text}: {error}");
        }
    }
}
