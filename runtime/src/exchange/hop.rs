//! Hops: where a redirect leads, and which parts of the request go along.
//!
//! reqwest's own redirects are off. Whether a response is followed is a function of its status, its
//! headers and the hop ([`Hop::redirect`]). The headers of a hop are made from the request when it is
//! sent, without those that its [`Retained`] excludes. `Retained` is made from the hop before and can
//! only lose: a header that is stripped when a hop leaves the origin is on no later one.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, percent_encode};
use tokio::time::Instant;
use url::{Host, Url};

use crate::{
    error::{Error, ErrorKind, RedirectError},
    request::{HOLDS_UNSAFE, MAX_URL, Parts, UrlStart, holds_unsafe, is_secret},
    session::Config,
};

/// One request on the wire.
#[derive(Debug)]
pub(super) struct Hop {
    /// 0 for the request that the caller made.
    pub(super) number: u32,
    pub(super) start: Instant,
    pub(super) method: Method,
    pub(super) url: Url,
    retained: Retained,
    /// The value of `Referer`, if the session sends it.
    referer: Option<Box<HeaderValue>>,
}

/// Which parts of the request a hop carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Retained {
    body: bool,
    /// The `Host` that the caller gave.
    host: bool,
    /// The secret headers of the request.
    credentials: bool,
    /// The secret headers of the session, and its `Host`.
    session_secrets: bool,
}

/// The next hop, as a redirect asks for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Follow {
    url: Url,
    method: Method,
    keeps_body: bool,
}

impl Hop {
    pub(super) fn first(method: Method, url: Url, config: &Config, start: Instant) -> Self {
        let retained = Retained {
            body: true,
            host: true,
            credentials: true,
            session_secrets: config.is_own_origin(&url),
        };
        Self { number: 0, start, method, url, retained, referer: None }
    }

    pub(super) fn keeps_body(&self) -> bool {
        self.retained.body
    }

    /// The headers of this hop.
    pub(super) fn headers(&self, parts: &Parts, config: &Config) -> Result<HeaderMap, Error> {
        let mut headers = parts.headers(config, self.retained.session_secrets)?;
        if self.number == 0 {
            return Ok(headers);
        }
        let Retained { body, host, credentials, .. } = self.retained;
        if !body {
            remove(&mut headers, |name, _| describes_content(name));
        }
        if !host {
            headers.remove(header::HOST);
        }
        if !credentials {
            remove(&mut headers, |name, value| value.is_sensitive() || is_secret(name));
        }
        if config.referer {
            match &self.referer {
                Some(referer) => headers.insert(header::REFERER, (**referer).clone()),
                None => headers.remove(header::REFERER),
            };
        } else if self.url.scheme() == "http" {
            // The caller's own, which may name a page that was read over `https`.
            remove(&mut headers, |name, value| name == header::REFERER && is_https(value));
        }
        Ok(headers)
    }

    /// Where a response that is no success leads, if it is a redirect that is followed (RFC 9110
    /// §15.4). `is_consumed` says that the body of the request was a stream, which has been sent.
    pub(super) fn redirect(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        is_consumed: bool,
        config: &Config,
    ) -> Result<Option<Follow>, Error> {
        if !is_redirect(status) || config.max_redirects == 0 {
            return Ok(None);
        }
        let refuse = |leaf| Error::new(ErrorKind::Redirect(leaf));
        if self.number >= config.max_redirects {
            return Err(refuse(RedirectError::TooMany));
        }
        let url = self.locate(headers)?;
        match (self.url.scheme(), url.scheme()) {
            (_, "https") | ("http", "http") => {}
            ("https", "http") if config.allow_downgrade => {}
            _ => return Err(refuse(RedirectError::Scheme)),
        }
        let (method, keeps_body) = self.next_method(status);
        if keeps_body && is_consumed {
            return Err(refuse(RedirectError::Body));
        }
        Ok(Some(Follow { url, method, keeps_body }))
    }

    /// The method of the next hop, and whether the body goes along. A redirected POST becomes a GET,
    /// as every client has it; 303 asks for the retrieval of another resource, whatever the method;
    /// 307 and 308 change nothing.
    fn next_method(&self, status: StatusCode) -> (Method, bool) {
        match status {
            StatusCode::SEE_OTHER if self.method == Method::HEAD => (Method::HEAD, false),
            StatusCode::SEE_OTHER => (Method::GET, false),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if self.method == Method::POST => {
                (Method::GET, false)
            }
            _ => (self.method.clone(), self.retained.body),
        }
    }

    /// The URL of the `Location`, by the same rules as a template's: without a fragment, which is no
    /// part of a target (RFC 9110 §7.1), and without user information, as a server cannot hand out
    /// credentials.
    fn locate(&self, headers: &HeaderMap) -> Result<Url, Error> {
        let location = location(headers)?;
        match UrlStart::detect(&location) {
            UrlStart::Origin | UrlStart::Host | UrlStart::Relative => {}
            UrlStart::NoHost => return Err(unusable("its URL has no host")),
            UrlStart::OtherScheme => {
                return Err(Error::new(ErrorKind::Redirect(RedirectError::Scheme)));
            }
        }
        if holds_unsafe(&location) {
            return Err(unusable(HOLDS_UNSAFE));
        }
        let mut url = match self.url.join(&location) {
            Ok(url) => url,
            Err(error) => return Err(unusable(format!("it is not a URL: {error}"))),
        };
        url.set_fragment(None);
        without_userinfo(&mut url);
        match url.as_str().len() <= MAX_URL {
            true => Ok(url),
            false => Err(unusable(format!("it is longer than {MAX_URL} bytes"))),
        }
    }

    /// Becomes the next hop, which starts `now`.
    pub(super) fn follow(&mut self, follow: Follow, config: &Config, now: Instant) {
        let Follow { url, method, keeps_body } = follow;
        self.referer = if config.referer { referer(&self.url, &url).map(Box::new) } else { None };
        self.retained.body &= keeps_body;
        self.leave_for(url, config);
        self.number += 1;
        self.start = now;
        self.method = method;
    }

    /// Takes the URL that answered for its own. A client of the user's may have followed redirects
    /// by itself: a later hop goes on from there.
    pub(super) fn answered_by(&mut self, url: &Url, config: &Config) {
        // What reqwest gives to a response that was made by hand, as a service may do.
        let is_placeholder = url.host() == Some(Host::Domain("no.url.provided.local"));
        if !is_placeholder && *url != self.url {
            let mut url = url.clone();
            url.set_fragment(None);
            without_userinfo(&mut url);
            self.leave_for(url, config);
        }
    }

    /// Moves to another URL. Only what may be known there goes along.
    fn leave_for(&mut self, url: Url, config: &Config) {
        let same_origin = self.url.origin() == url.origin();
        let retained = &mut self.retained;
        retained.host &= same_origin;
        retained.credentials &= same_origin || config.forward_credentials;
        retained.session_secrets &= same_origin || config.forward_credentials;
        self.url = url;
    }
}

/// The statuses that name another URL to request. 300 leaves a choice, and 305 and 306 are no longer
/// in use.
fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

fn unusable(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Redirect(RedirectError::Location)).with_detail(detail)
}

/// The text of the `Location`. Bytes that are not UTF-8 are percent-encoded as they are: they name a
/// resource in a charset of the server's.
fn location(headers: &HeaderMap) -> Result<Cow<'_, str>, Error> {
    let mut values = headers.get_all(header::LOCATION).iter();
    let Some(value) = values.next() else { return Err(unusable("there is no `Location`")) };
    // Which one a server meant, nothing tells (RFC 9110 §5.3).
    if values.any(|other| other != value) {
        return Err(unusable("there are two, which differ"));
    }
    let value = value.as_bytes().trim_ascii();
    match std::str::from_utf8(value) {
        Ok("") => Err(unusable("it is empty")),
        Ok(text) => Ok(text.into()),
        Err(_) => Ok(percent_encode(value, &AsciiSet::EMPTY).into()),
    }
}

fn without_userinfo(url: &mut Url) {
    // They fail for a URL without a host, which has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// Whether a header describes the content, and goes with it when the method becomes GET (RFC 9110
/// §15.4): the representation's metadata (§8), digests of it (RFC 9530), and how it is transferred.
fn describes_content(name: &HeaderName) -> bool {
    const OTHERS: [&str; 7] = [
        "digest",
        "repr-digest",
        "unencoded-digest",
        "last-modified",
        "expect",
        "trailer",
        "transfer-encoding",
    ];
    name.as_str().starts_with("content-") || OTHERS.contains(&name.as_str())
}

fn remove(headers: &mut HeaderMap, goes: impl Fn(&HeaderName, &HeaderValue) -> bool) {
    let names: Vec<HeaderName> = headers
        .iter()
        .filter(|(name, value)| goes(name, value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in names {
        headers.remove(name);
    }
}

fn is_https(value: &HeaderValue) -> bool {
    value.as_bytes().get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"https:"))
}

/// The URL that a hop comes from, unless it is more secure than the one where the hop goes (RFC 9110
/// §10.1.3).
fn referer(from: &Url, to: &Url) -> Option<HeaderValue> {
    if from.scheme() == "https" && to.scheme() == "http" {
        return None;
    }
    HeaderValue::from_str(from.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::request::Request;

    const FROM: &str = "https://one.example/a/b?q=1";

    fn hop(method: Method, url: &str, config: &Config) -> Hop {
        Hop::first(method, url.parse().expect("a URL"), config, Instant::now())
    }

    fn redirect_of(
        hop: &Hop,
        status: u16,
        location: &str,
        config: &Config,
    ) -> Result<Option<Follow>, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::LOCATION,
            HeaderValue::from_bytes(location.as_bytes()).expect("a value"),
        );
        let status = StatusCode::from_u16(status).expect("a status");
        hop.redirect(status, &headers, false, config)
    }

    fn leaf<T: std::fmt::Debug>(outcome: Result<T, Error>) -> RedirectError {
        match outcome.expect_err("refused").kind() {
            ErrorKind::Redirect(leaf) => leaf,
            other => panic!("{other:?}"),
        }
    }

    /// The hop that follows a redirect with this status from `from`.
    fn next(from: Hop, status: u16, location: &str, config: &Config) -> Hop {
        let mut hop = from;
        let follow = redirect_of(&hop, status, location, config).expect(location).expect(location);
        hop.follow(follow, config, Instant::now());
        hop
    }

    fn headers_of(hop: &Hop, request: Request, config: &Config) -> HeaderMap {
        hop.headers(&request.into_parts(), config).expect("headers")
    }

    #[test]
    fn the_status_and_the_method_decide_what_is_asked_next() {
        let config = Config::default();
        let (get, post, put, head) = (Method::GET, Method::POST, Method::PUT, Method::HEAD);
        let purge = Method::from_bytes(b"PURGE").expect("a method");
        let lower = Method::from_bytes(b"post").expect("a method");
        for (status, method, asked, keeps_body) in [
            (301, &get, &get, true),
            (301, &post, &get, false),
            (301, &put, &put, true),
            (301, &lower, &lower, true),
            (302, &get, &get, true),
            (302, &post, &get, false),
            (302, &head, &head, true),
            (302, &purge, &purge, true),
            (303, &get, &get, false),
            (303, &post, &get, false),
            (303, &put, &get, false),
            (303, &purge, &get, false),
            (303, &head, &head, false),
            (307, &get, &get, true),
            (307, &post, &post, true),
            (307, &put, &put, true),
            (308, &post, &post, true),
            (308, &head, &head, true),
        ] {
            let hop = hop(method.clone(), FROM, &config);
            let follow = redirect_of(&hop, status, "c", &config).expect("valid").expect("followed");
            let url = "https://one.example/a/c".parse().expect("a URL");
            assert_eq!(
                follow,
                Follow { url, method: asked.clone(), keeps_body },
                "{status} {method}"
            );
        }
        for status in [200, 201, 204, 300, 304, 305, 306, 309, 399, 400, 404, 500] {
            let followed = redirect_of(&hop(Method::GET, FROM, &config), status, "c", &config);
            assert_eq!(followed.expect("no redirect"), None, "{status}");
        }
    }

    #[test]
    fn a_body_that_was_left_behind_does_not_come_back() {
        let config = Config::default();
        let hop = next(hop(Method::POST, FROM, &config), 307, "c", &config);
        assert!(hop.keeps_body());
        let hop = next(hop, 303, "c", &config);
        assert!(!hop.keeps_body());
        let hop = next(hop, 307, "d", &config);
        assert!(!hop.keeps_body());
    }

    #[test]
    fn a_stream_that_was_sent_cannot_be_asked_for_again() {
        let config = Config::default();
        let hop = hop(Method::POST, FROM, &config);
        let headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static("/c"))]);
        let redirect = |status| hop.redirect(status, &headers, true, &config);
        assert_eq!(leaf(redirect(StatusCode::TEMPORARY_REDIRECT)), RedirectError::Body);
        assert!(redirect(StatusCode::SEE_OTHER).expect("valid").is_some());
    }

    #[test]
    fn a_downgrade_is_followed_if_the_session_allows_it() {
        for (allow_downgrade, from, to, followed) in [
            (false, "https://one.example/", "http://one.example/", false),
            (true, "https://one.example/", "http://one.example/", true),
            (false, "http://one.example/", "http://two.example/", true),
            (false, "http://one.example/", "https://one.example/", true),
            (false, "https://one.example/", "https://two.example/", true),
            (false, "https://one.example/", "//two.example/", true),
            (true, "https://one.example/", "ftp://one.example/", false),
        ] {
            let config = Config { allow_downgrade, ..Config::default() };
            let outcome = redirect_of(&hop(Method::GET, from, &config), 302, to, &config);
            match followed {
                true => assert!(outcome.expect(to).is_some(), "{from} {to}"),
                false => assert_eq!(leaf(outcome), RedirectError::Scheme, "{from} {to}"),
            }
        }
    }

    #[test]
    fn as_many_redirects_as_the_session_says() {
        let config = Config { max_redirects: 2, ..Config::default() };
        let first = hop(Method::GET, FROM, &config);
        let third = next(next(first, 302, "c", &config), 302, "d", &config);
        assert_eq!(third.number, 2);
        assert_eq!(leaf(redirect_of(&third, 302, "e", &config)), RedirectError::TooMany);
        let none = Config { max_redirects: 0, ..Config::default() };
        let followed = redirect_of(&hop(Method::GET, FROM, &none), 302, "c", &none);
        assert_eq!(followed.expect("a status like any other"), None);
    }

    #[test]
    fn a_location_is_a_reference_to_the_url_that_answered() {
        let config = Config::default();
        for (location, url) in [
            ("c", "https://one.example/a/c"),
            (" /c\t", "https://one.example/c"),
            ("?r=2", "https://one.example/a/b?r=2"),
            ("../../..", "https://one.example/"),
            ("//two.example:81/c", "https://two.example:81/c"),
            ("HTTPS://two.example", "https://two.example/"),
            ("https://me:pw@two.example/c", "https://two.example/c"),
            ("//me@two.example/c", "https://two.example/c"),
            ("/c#part", "https://one.example/c"),
            ("#part", "https://one.example/a/b?q=1"),
            ("/at/12:30", "https://one.example/at/12:30"),
            ("/c d?e=f\\g", "https://one.example/c%20d?e=f\\g"),
            ("/caf\u{e9}", "https://one.example/caf%C3%A9"),
            ("/%2e%2e/c", "https://one.example/c"),
        ] {
            let hop = next(hop(Method::GET, FROM, &config), 302, location, &config);
            assert_eq!(hop.url.as_str(), url, "{location}");
        }
    }

    #[test]
    fn a_location_in_another_charset_keeps_its_bytes() {
        let config = Config::default();
        let hop = hop(Method::GET, FROM, &config);
        let location = HeaderValue::from_bytes(b"/caf\xe9?q=\xfc%20x").expect("a value");
        let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
        let follow = hop.redirect(StatusCode::FOUND, &headers, false, &config);
        let url = follow.expect("valid").expect("followed").url;
        assert_eq!(url.as_str(), "https://one.example/caf%E9?q=%FC%20x");
        // As a host, they are no name.
        let location = HeaderValue::from_bytes(b"//caf\xe9.example/").expect("a value");
        let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
        let refused = hop.redirect(StatusCode::FOUND, &headers, false, &config);
        assert_eq!(leaf(refused), RedirectError::Location);
    }

    #[test]
    fn a_location_that_cannot_be_requested_is_refused() {
        let config = Config::default();
        let hop = hop(Method::GET, FROM, &config);
        let long = format!("/{}", "x".repeat(MAX_URL));
        for (location, refused) in [
            ("", RedirectError::Location),
            (" \t ", RedirectError::Location),
            ("http://", RedirectError::Location),
            ("https:///c", RedirectError::Location),
            ("https:/c", RedirectError::Location),
            ("https:c", RedirectError::Location),
            ("///two.example", RedirectError::Location),
            ("//", RedirectError::Location),
            ("\\\\two.example", RedirectError::Location),
            ("/\\two.example", RedirectError::Location),
            ("/c\td", RedirectError::Location),
            ("https://[::bad", RedirectError::Location),
            ("https://two.example:99999/", RedirectError::Location),
            (&long, RedirectError::Location),
            ("mailto:me@one.example", RedirectError::Scheme),
            ("ftp://one.example/", RedirectError::Scheme),
            ("file:///etc/passwd", RedirectError::Scheme),
            ("javascript:alert(1)", RedirectError::Scheme),
            ("localhost:80/", RedirectError::Scheme),
        ] {
            let outcome = redirect_of(&hop, 302, location, &config);
            assert_eq!(leaf(outcome), refused, "{location}");
        }
        let missing = hop.redirect(StatusCode::FOUND, &HeaderMap::new(), false, &config);
        assert_eq!(leaf(missing), RedirectError::Location);
        for (second, followed) in [("/c", true), ("/d", false)] {
            let mut headers = HeaderMap::new();
            headers.append(header::LOCATION, HeaderValue::from_static("/c"));
            headers.append(header::LOCATION, HeaderValue::from_str(second).expect("a value"));
            let outcome = hop.redirect(StatusCode::FOUND, &headers, false, &config);
            assert_eq!(outcome.is_ok(), followed, "{second}");
        }
    }

    #[test]
    fn headers_of_the_content_go_with_it() {
        let config = Config::default();
        let request = || {
            [
                "content-type",
                "content-encoding",
                "content-language",
                "content-location",
                "content-range",
                "content-disposition",
                "content-digest",
                "content-md5",
                "repr-digest",
                "digest",
                "last-modified",
                "trailer",
            ]
            .iter()
            .fold(Request::post(FROM).text("body"), |request, name| request.header(name, "x"))
            .header("expect", "100-continue")
            .header("x-kept", "1")
            .header("accept", "text/plain")
        };
        let post = || hop(Method::POST, FROM, &config);
        let all = headers_of(&post(), request(), &config);
        assert_eq!(headers_of(&next(post(), 307, "c", &config), request(), &config), all);
        let left = headers_of(&next(post(), 303, "c", &config), request(), &config);
        let mut names: Vec<&str> = left.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "x-kept"]);
        // The next hop has none of them either.
        let later = next(next(post(), 302, "c", &config), 308, "d", &config);
        assert_eq!(headers_of(&later, request(), &config), left);
    }

    #[test]
    fn the_caller_s_host_stays_with_its_origin() {
        let config = Config::default();
        let request = || Request::get(FROM).header("host", "virtual.example");
        let first = || hop(Method::GET, FROM, &config);
        for (location, host) in [
            ("/c", Some("virtual.example")),
            ("https://two.example/", None),
            ("https://one.example:444/", None),
        ] {
            let headers = headers_of(&next(first(), 302, location, &config), request(), &config);
            assert_eq!(headers.get("host").map(HeaderValue::as_bytes), host.map(str::as_bytes));
        }
        let back = next(next(first(), 302, "https://two.example/", &config), 302, FROM, &config);
        assert!(!headers_of(&back, request(), &config).contains_key("host"));
    }

    #[test]
    fn secrets_stay_with_their_origin() {
        let named = || vec![HeaderName::from_static("x-door")];
        let config = Config { sensitive: named(), ..Config::default() };
        let mut private = HeaderValue::from_static("private");
        private.set_sensitive(true);
        let request = || {
            Request::get(FROM)
                .bearer_auth("secret")
                .header("x-api-key", "secret")
                .header("x-door", "secret")
                .header("x-marked", private.clone())
                .header("x-plain", "plain")
        };
        let names = |headers: &HeaderMap| headers.len();
        let first = || hop(Method::GET, FROM, &config);
        let sent = headers_of(&first(), request(), &config);
        assert!(sent["x-door"].is_sensitive() && !sent["x-plain"].is_sensitive());
        let same = next(first(), 302, "/c", &config);
        assert_eq!(names(&headers_of(&same, request(), &config)), 5);
        let other = next(same, 302, "https://two.example/", &config);
        assert_eq!(names(&headers_of(&other, request(), &config)), 1);
        let back = next(other, 302, FROM, &config);
        assert_eq!(names(&headers_of(&back, request(), &config)), 1, "it does not come back");

        let forward = Config { forward_credentials: true, sensitive: named(), ..Config::default() };
        let other = next(hop(Method::GET, FROM, &forward), 302, "https://two.example/", &forward);
        assert_eq!(names(&headers_of(&other, request(), &forward)), 5);
    }

    #[test]
    fn the_secrets_of_a_session_go_to_the_origin_of_its_base() {
        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::from_static("secret");
        key.set_sensitive(true);
        headers.insert("x-api-key", key);
        headers.insert("x-door", HeaderValue::from_static("secret"));
        headers.insert("host", HeaderValue::from_static("virtual.example"));
        headers.insert("x-plain", HeaderValue::from_static("plain"));
        let without_base = Config {
            headers,
            sensitive: vec![HeaderName::from_static("x-door")],
            ..Config::default()
        };
        let base = Some("https://one.example/v1".parse().expect("a URL"));
        let with_base = Config { base, ..without_base.clone() };
        let forward = Config { forward_credentials: true, ..with_base.clone() };
        for (config, url, count) in [
            (&without_base, FROM, 4),
            (&without_base, "https://two.example/", 4),
            (&with_base, FROM, 4),
            (&with_base, "https://two.example/", 1),
            (&with_base, "http://one.example/", 1),
            (&forward, "https://two.example/", 1),
        ] {
            let first = hop(Method::GET, url, config);
            assert_eq!(headers_of(&first, Request::get(url), config).len(), count, "{url}");
        }
        let config = &with_base;
        let other = next(hop(Method::GET, FROM, config), 302, "https://two.example/", config);
        assert_eq!(headers_of(&other, Request::get(FROM), config).len(), 1);
        let own = next(hop(Method::GET, "https://two.example/", config), 302, FROM, config);
        assert_eq!(
            headers_of(&own, Request::get(FROM), config).len(),
            1,
            "another origin led there"
        );
        for config in [&with_base, &forward] {
            let away = next(hop(Method::GET, "https://two.example/", config), 302, "/c", config);
            let headers = headers_of(&away, Request::get(FROM), config);
            assert_eq!(headers.len(), 1, "a hop of another origin leads to it");
        }
        let config = &forward;
        let other = next(hop(Method::GET, FROM, config), 302, "https://two.example/", config);
        let names = headers_of(&other, Request::get(FROM), config);
        assert!(names.contains_key("x-api-key") && names.contains_key("x-door"));
    }

    #[test]
    fn a_referer_is_sent_where_it_tells_no_more_than_it_may() {
        let referring = Config { referer: true, allow_downgrade: true, ..Config::default() };
        let silent = Config { allow_downgrade: true, ..Config::default() };
        let own = "https://start.example/page?x#part";
        let plain = "http://start.example/";
        for (config, given, from, to, sent) in [
            (&silent, None, FROM, "/c", None),
            (&silent, Some(own), FROM, "/c", Some(own)),
            (&silent, Some(own), FROM, "https://two.example/", Some(own)),
            (&silent, Some(own), FROM, "http://one.example/", None),
            (&silent, Some("HTTPS://start.example"), FROM, "http://one.example/", None),
            (&silent, Some(plain), FROM, "http://one.example/", Some(plain)),
            (&referring, None, FROM, "/c", Some(FROM)),
            (&referring, Some(own), FROM, "/c", Some(FROM)),
            (&referring, None, FROM, "https://two.example/", Some(FROM)),
            (&referring, None, FROM, "http://one.example/", None),
            (&referring, Some(own), FROM, "http://one.example/", None),
            (&referring, None, plain, "http://two.example/", Some(plain)),
            (&referring, None, plain, "https://two.example/", Some(plain)),
        ] {
            let hop = next(hop(Method::GET, from, config), 302, to, config);
            let headers = headers_of(&hop, Request::get(from).header("referer", given), config);
            let referer = headers.get("referer").map(|value| value.to_str().expect("ASCII"));
            assert_eq!(referer, sent, "{given:?} {from} {to}");
        }
        // It names the hop before, and no other.
        let second = next(hop(Method::GET, FROM, &referring), 302, "/c#part", &referring);
        let third = next(second, 302, "/d", &referring);
        let headers = headers_of(&third, Request::get(FROM), &referring);
        assert_eq!(headers["referer"], "https://one.example/c");
    }

    #[test]
    fn a_hop_starts_when_it_is_followed() {
        let config = Config::default();
        let mut hop = hop(Method::GET, FROM, &config);
        let later = hop.start + Duration::from_secs(7);
        let follow = redirect_of(&hop, 302, "c", &config).expect("valid").expect("followed");
        hop.follow(follow, &config, later);
        assert_eq!((hop.number, hop.start), (1, later));
    }

    #[test]
    fn a_client_that_followed_by_itself_is_met_where_it_is() {
        let config = Config::default();
        let first = || hop(Method::GET, FROM, &config);
        let answered = |url: &str| {
            let mut hop = first();
            hop.answered_by(&url.parse().expect("a URL"), &config);
            hop
        };
        let moved = answered("https://me:pw@two.example/c/d#part");
        assert_eq!(moved.url.as_str(), "https://two.example/c/d");
        assert_eq!(moved.number, 0);
        let next = next(moved, 302, "e", &config);
        assert_eq!(next.url.as_str(), "https://two.example/c/e");
        let request = || Request::get(FROM).bearer_auth("secret").header("host", "virtual.example");
        assert_eq!(headers_of(&next, request(), &config).len(), 0);

        let same = answered("https://one.example/c");
        assert_eq!(same.retained, first().retained);
        // A response that was made by hand does not say where it is from.
        assert_eq!(answered("http://no.url.provided.local/").url.as_str(), FROM);
    }
}
