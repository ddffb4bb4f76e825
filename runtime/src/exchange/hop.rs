//! Hops: the target of a redirect, and the parts of the request that are sent to it.
//!
//! reqwest's own redirects are off. Whether a response is followed is a function of its status, its
//! headers and the hop ([`Hop::redirect`]). A hop has the headers of the first hop, except those that its
//! [`Retained`] excludes. `Retained` is made from that of the hop before and only loses: a header that is
//! stripped when a hop leaves the origin is on no later hop.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, percent_encode};
use tokio::time::Instant;
use url::{Host, Url};

use crate::{
    error::{Error, ErrorKind, RedirectError, Sent},
    plan::Redirects,
    request::{HOLDS_UNSAFE, MAX_URL, UrlStart, holds_unsafe, remove_secrets},
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
    /// The `Host` that the caller or the session gave.
    host: bool,
    /// The headers that carry credentials.
    credentials: bool,
    /// What the session's source of credentials gave: whether no hop has left the first origin.
    source: bool,
}

/// Why an attempt failed, and in which hop.
pub(super) struct Failed {
    pub(super) error: Error,
    pub(super) hop: u32,
    /// How many bytes of a response's body arrived, before decompression. None if no body was read.
    pub(super) transferred: Option<u64>,
}

/// The next hop, as a redirect asks for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Follow {
    pub(super) url: Url,
    method: Method,
    keeps_body: bool,
}

impl Hop {
    pub(super) fn first(method: Method, url: Url, start: Instant) -> Self {
        let retained = Retained { body: true, host: true, credentials: true, source: true };
        Self { number: 0, start, method, url, retained, referer: None }
    }

    pub(super) fn keeps_body(&self) -> bool {
        self.retained.body
    }

    pub(super) fn keeps_credentials(&self) -> bool {
        self.retained.credentials
    }

    /// Whether no redirect led to another origin.
    pub(super) fn is_at_first_origin(&self) -> bool {
        self.retained.source
    }

    /// The headers of this hop. `all` are the headers of the first hop.
    pub(super) fn headers(&self, all: &HeaderMap, redirects: &Redirects) -> HeaderMap {
        let mut headers = all.clone();
        if self.number == 0 {
            return headers;
        }
        let Retained { body, host, credentials, .. } = self.retained;
        if !body {
            remove(&mut headers, |name, _| describes_content(name));
        }
        if !host {
            headers.remove(header::HOST);
        }
        if !credentials {
            remove_secrets(&mut headers);
        }
        if redirects.send_referer {
            match &self.referer {
                Some(referer) => headers.insert(header::REFERER, (**referer).clone()),
                None => headers.remove(header::REFERER),
            };
        } else if self.url.scheme() == "http" {
            // The caller's `Referer` may name a page that was read over `https`.
            remove(&mut headers, |name, value| name == header::REFERER && is_https(value));
        }
        headers
    }

    /// The redirect to follow, if a response is one (RFC 9110 §15.4). `is_consumed` says that the body of the
    /// request was a stream, which has been sent.
    pub(super) fn redirect(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        is_consumed: bool,
        redirects: &Redirects,
    ) -> Result<Option<Follow>, Error> {
        if !is_redirect(status) || redirects.max == 0 {
            return Ok(None);
        }
        let refuse = |leaf| Error::new(ErrorKind::Redirect(leaf));
        if self.number >= redirects.max {
            return Err(refuse(RedirectError::TooMany));
        }
        let url = locate(&self.url, &location(headers)?)?;
        match (self.url.scheme(), url.scheme()) {
            (_, "https") | ("http", "http") => {}
            ("https", "http") if redirects.allow_downgrade => {}
            _ => return Err(refuse(RedirectError::Scheme)),
        }
        let (method, keeps_body) = self.next_method(status);
        if keeps_body && is_consumed {
            return Err(refuse(RedirectError::Body));
        }
        Ok(Some(Follow { url, method, keeps_body }))
    }

    /// The method of the next hop, and whether it carries the body. A redirected POST becomes a GET, as in
    /// other clients; 303 requests a GET for any method; 307 and 308 change nothing.
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

    /// Becomes the next hop, which starts `now`.
    pub(super) fn follow(&mut self, follow: Follow, redirects: &Redirects, now: Instant) {
        let Follow { url, method, keeps_body } = follow;
        self.referer =
            if redirects.send_referer { referer(&self.url, &url).map(Box::new) } else { None };
        self.retained.body &= keeps_body;
        self.leave_for(url, redirects);
        self.number += 1;
        self.start = now;
        self.method = method;
    }

    /// Sets the URL of this hop to that of its response: the user's client may have followed redirects itself,
    /// and a relative `Location` refers to the last of them.
    pub(super) fn answered_by(&mut self, url: &Url, redirects: &Redirects) {
        // The URL of a `reqwest::Response` that a service made from a `http::Response`.
        let is_placeholder = url.host() == Some(Host::Domain("no.url.provided.local"));
        if !is_placeholder && *url != self.url {
            let mut url = url.clone();
            url.set_fragment(None);
            without_userinfo(&mut url);
            self.leave_for(url, redirects);
        }
    }

    /// Adds the hop's URL to an error of one of its stages. If an earlier hop had a response, the request was
    /// sent, also if this hop was not.
    pub(super) fn failed(self, error: Error) -> Failed {
        let error = match self.number {
            0 => error,
            _ => error.sent_at_least(Sent::Yes),
        };
        Failed { error: error.or_url(&self.url), hop: self.number, transferred: None }
    }

    /// Moves to another URL, and drops what must not be sent there.
    fn leave_for(&mut self, url: Url, redirects: &Redirects) {
        let same_origin = self.url.origin() == url.origin();
        let retained = &mut self.retained;
        retained.host &= same_origin;
        retained.source &= same_origin;
        retained.credentials &= same_origin || redirects.forward_credentials;
        self.url = url;
    }
}

/// Whether a status redirects to another URL. 300 offers a choice, and 305 and 306 are no longer in use.
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

/// The URL of a reference that a server gives, by the same rules as a template's: without a fragment, which is
/// no part of a target (RFC 9110 §7.1), and without user information, as a server cannot hand out
/// credentials.
pub(crate) fn locate(base: &Url, reference: &str) -> Result<Url, Error> {
    match UrlStart::detect(reference) {
        UrlStart::Origin | UrlStart::Host | UrlStart::Relative => {}
        UrlStart::NoHost => return Err(unusable("its URL has no host")),
        UrlStart::OtherScheme => {
            return Err(Error::new(ErrorKind::Redirect(RedirectError::Scheme)));
        }
    }
    if holds_unsafe(reference) {
        return Err(unusable(HOLDS_UNSAFE));
    }
    let mut url = match base.join(reference) {
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

/// The text of the `Location`. Bytes that are not UTF-8 are percent-encoded: they name a resource in a charset
/// of the server.
fn location(headers: &HeaderMap) -> Result<Cow<'_, str>, Error> {
    let mut values = headers.get_all(header::LOCATION).iter();
    let Some(value) = values.next() else { return Err(unusable("there is no `Location`")) };
    // Nothing says which of them the server meant (RFC 9110 §5.3).
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
    // They fail for a URL without a host, which has no user information.
    let _ = url.set_username("");
    let _ = url.set_password(None);
}

/// Whether a header describes the content, and is dropped with it when the method becomes GET (RFC 9110
/// §15.4): metadata of the representation (§8), its digests (RFC 9530), and how it is transferred.
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

/// The value of `Referer`: the URL of the last hop, unless that is `https` and the next one is not (RFC 9110
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
    use crate::{
        plan::{Defaults, Plan},
        request::Request,
    };

    const FROM: &str = "https://one.example/a/b?q=1";

    fn hop(method: Method, url: &str) -> Hop {
        Hop::first(method, url.parse().expect("a URL"), Instant::now())
    }

    fn redirect_of(
        hop: &Hop,
        status: u16,
        location: &str,
        redirects: &Redirects,
    ) -> Result<Option<Follow>, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::LOCATION,
            HeaderValue::from_bytes(location.as_bytes()).expect("a value"),
        );
        let status = StatusCode::from_u16(status).expect("a status");
        hop.redirect(status, &headers, false, redirects)
    }

    fn leaf<T: std::fmt::Debug>(outcome: Result<T, Error>) -> RedirectError {
        match outcome.expect_err("refused").kind() {
            ErrorKind::Redirect(leaf) => leaf,
            other => panic!("{other:?}"),
        }
    }

    /// The hop that follows a redirect with this status from `from`.
    fn next(from: Hop, status: u16, location: &str, redirects: &Redirects) -> Hop {
        let mut hop = from;
        let follow =
            redirect_of(&hop, status, location, redirects).expect(location).expect(location);
        hop.follow(follow, redirects, Instant::now());
        hop
    }

    /// The headers of a request that a hop carries.
    fn headers_of(hop: &Hop, request: Request, defaults: &Defaults) -> HeaderMap {
        let plan = Plan::new(request.into_parts(), defaults, String::new).expect("a plan");
        hop.headers(&plan.headers, &plan.redirects)
    }

    #[test]
    fn the_status_and_the_method_decide_the_next_method() {
        let redirects = Redirects::default();
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
            let hop = hop(method.clone(), FROM);
            let follow =
                redirect_of(&hop, status, "c", &redirects).expect("valid").expect("followed");
            let url = "https://one.example/a/c".parse().expect("a URL");
            assert_eq!(
                follow,
                Follow { url, method: asked.clone(), keeps_body },
                "{status} {method}"
            );
        }
        for status in [200, 201, 204, 300, 304, 305, 306, 309, 399, 400, 404, 500] {
            let followed = redirect_of(&hop(Method::GET, FROM), status, "c", &redirects);
            assert_eq!(followed.expect("no redirect"), None, "{status}");
        }
    }

    #[test]
    fn a_dropped_body_is_not_sent_on_later_hops() {
        let redirects = Redirects::default();
        let hop = next(hop(Method::POST, FROM), 307, "c", &redirects);
        assert!(hop.keeps_body());
        let hop = next(hop, 303, "c", &redirects);
        assert!(!hop.keeps_body());
        let hop = next(hop, 307, "d", &redirects);
        assert!(!hop.keeps_body());
    }

    #[test]
    fn a_redirect_that_needs_a_consumed_stream_is_refused() {
        let redirects = Redirects::default();
        let hop = hop(Method::POST, FROM);
        let headers = HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static("/c"))]);
        let redirect = |status| hop.redirect(status, &headers, true, &redirects);
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
            let redirects = Redirects { allow_downgrade, ..Redirects::default() };
            let outcome = redirect_of(&hop(Method::GET, from), 302, to, &redirects);
            match followed {
                true => assert!(outcome.expect(to).is_some(), "{from} {to}"),
                false => assert_eq!(leaf(outcome), RedirectError::Scheme, "{from} {to}"),
            }
        }
    }

    #[test]
    fn redirects_end_at_the_session_s_limit() {
        let redirects = Redirects { max: 2, ..Redirects::default() };
        let first = hop(Method::GET, FROM);
        let third = next(next(first, 302, "c", &redirects), 302, "d", &redirects);
        assert_eq!(third.number, 2);
        assert_eq!(leaf(redirect_of(&third, 302, "e", &redirects)), RedirectError::TooMany);
        let none = Redirects { max: 0, ..Redirects::default() };
        let followed = redirect_of(&hop(Method::GET, FROM), 302, "c", &none);
        assert_eq!(followed.expect("a status like any other"), None);
    }

    #[test]
    fn a_location_is_relative_to_the_url_of_the_response() {
        let redirects = Redirects::default();
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
            let hop = next(hop(Method::GET, FROM), 302, location, &redirects);
            assert_eq!(hop.url.as_str(), url, "{location}");
        }
    }

    #[test]
    fn a_location_in_another_charset_keeps_its_bytes() {
        let redirects = Redirects::default();
        let hop = hop(Method::GET, FROM);
        let location = HeaderValue::from_bytes(b"/caf\xe9?q=\xfc%20x").expect("a value");
        let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
        let follow = hop.redirect(StatusCode::FOUND, &headers, false, &redirects);
        let url = follow.expect("valid").expect("followed").url;
        assert_eq!(url.as_str(), "https://one.example/caf%E9?q=%FC%20x");
        // In a host, these bytes are not a valid name.
        let location = HeaderValue::from_bytes(b"//caf\xe9.example/").expect("a value");
        let headers = HeaderMap::from_iter([(header::LOCATION, location)]);
        let refused = hop.redirect(StatusCode::FOUND, &headers, false, &redirects);
        assert_eq!(leaf(refused), RedirectError::Location);
    }

    #[test]
    fn a_location_that_cannot_be_requested_is_refused() {
        let redirects = Redirects::default();
        let hop = hop(Method::GET, FROM);
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
            let outcome = redirect_of(&hop, 302, location, &redirects);
            assert_eq!(leaf(outcome), refused, "{location}");
        }
        let missing = hop.redirect(StatusCode::FOUND, &HeaderMap::new(), false, &redirects);
        assert_eq!(leaf(missing), RedirectError::Location);
        for (second, followed) in [("/c", true), ("/d", false)] {
            let mut headers = HeaderMap::new();
            headers.append(header::LOCATION, HeaderValue::from_static("/c"));
            headers.append(header::LOCATION, HeaderValue::from_str(second).expect("a value"));
            let outcome = hop.redirect(StatusCode::FOUND, &headers, false, &redirects);
            assert_eq!(outcome.is_ok(), followed, "{second}");
        }
    }

    #[test]
    fn content_headers_are_dropped_with_the_body() {
        let defaults = Defaults::default();
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
        let post = || hop(Method::POST, FROM);
        let all = headers_of(&post(), request(), &defaults);
        assert_eq!(
            headers_of(&next(post(), 307, "c", &defaults.redirects), request(), &defaults),
            all
        );
        let left = headers_of(&next(post(), 303, "c", &defaults.redirects), request(), &defaults);
        let mut names: Vec<&str> = left.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "x-kept"]);
        // Later hops do not send them either.
        let later =
            next(next(post(), 302, "c", &defaults.redirects), 308, "d", &defaults.redirects);
        assert_eq!(headers_of(&later, request(), &defaults), left);
    }

    #[test]
    fn the_caller_s_host_is_not_sent_to_another_origin() {
        let defaults = Defaults::default();
        let request = || Request::get(FROM).header("host", "virtual.example");
        let first = || hop(Method::GET, FROM);
        for (location, host) in [
            ("/c", Some("virtual.example")),
            ("https://two.example/", None),
            ("https://one.example:444/", None),
        ] {
            let headers = headers_of(
                &next(first(), 302, location, &defaults.redirects),
                request(),
                &defaults,
            );
            assert_eq!(headers.get("host").map(HeaderValue::as_bytes), host.map(str::as_bytes));
        }
        let back = next(
            next(first(), 302, "https://two.example/", &defaults.redirects),
            302,
            FROM,
            &defaults.redirects,
        );
        assert!(!headers_of(&back, request(), &defaults).contains_key("host"));
    }

    #[test]
    fn secrets_are_not_sent_to_another_origin() {
        let defaults = Defaults::with_sensitive("x-door");
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
        let first = || hop(Method::GET, FROM);
        let sent = headers_of(&first(), request(), &defaults);
        assert!(sent["x-door"].is_sensitive() && !sent["x-plain"].is_sensitive());
        let same = next(first(), 302, "/c", &defaults.redirects);
        assert_eq!(names(&headers_of(&same, request(), &defaults)), 5);
        let other = next(same, 302, "https://two.example/", &defaults.redirects);
        assert_eq!(names(&headers_of(&other, request(), &defaults)), 1);
        let back = next(other, 302, FROM, &defaults.redirects);
        assert_eq!(names(&headers_of(&back, request(), &defaults)), 1, "it is not sent again");

        let redirects = Redirects { forward_credentials: true, ..Redirects::default() };
        let forward = Defaults { redirects, ..defaults };
        let other = next(first(), 302, "https://two.example/", &forward.redirects);
        assert_eq!(names(&headers_of(&other, request(), &forward)), 5);
    }

    #[test]
    fn session_secrets_are_not_sent_to_another_origin() {
        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::from_static("secret");
        key.set_sensitive(true);
        headers.insert("x-api-key", key);
        headers.insert("x-door", HeaderValue::from_static("secret"));
        headers.insert("host", HeaderValue::from_static("virtual.example"));
        headers.insert("x-plain", HeaderValue::from_static("plain"));
        let defaults = Defaults {
            base: Some("https://one.example/v1".parse().expect("a URL")),
            headers,
            ..Defaults::with_sensitive("x-door")
        };
        let redirects = Redirects { forward_credentials: true, ..defaults.redirects };
        let forward = Defaults { redirects, ..defaults.clone() };
        const OTHER: &str = "https://two.example/";
        for (defaults, from, to, names) in [
            (&defaults, FROM, "/c", &["x-api-key", "x-door", "host", "x-plain"][..]),
            (&defaults, FROM, OTHER, &["x-plain"]),
            (&forward, FROM, OTHER, &["x-api-key", "x-door", "x-plain"]),
            // From another origin to the base's origin.
            (&defaults, OTHER, FROM, &["x-plain"]),
            (&forward, OTHER, FROM, &["x-plain"]),
            (&forward, OTHER, "/c", &["x-plain"]),
        ] {
            let hop = next(hop(Method::GET, from), 302, to, &defaults.redirects);
            let mut expected = names.to_vec();
            let headers = headers_of(&hop, Request::get(from), defaults);
            let mut found: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{from} {to}");
        }
    }

    #[test]
    fn a_referer_is_not_sent_from_https_to_http() {
        let silent = Redirects { allow_downgrade: true, ..Redirects::default() };
        let referring = Redirects { send_referer: true, ..silent };
        let [silent, referring] =
            [silent, referring].map(|redirects| Defaults { redirects, ..Defaults::default() });
        let own = "https://start.example/page?x#part";
        let plain = "http://start.example/";
        for (defaults, given, from, to, sent) in [
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
            let hop = next(hop(Method::GET, from), 302, to, &defaults.redirects);
            let request = Request::get(from).header("referer", given);
            let headers = headers_of(&hop, request, defaults);
            let referer = headers.get("referer").map(|value| value.to_str().expect("ASCII"));
            assert_eq!(referer, sent, "{given:?} {from} {to}");
        }
        // It names the previous hop.
        let second = next(hop(Method::GET, FROM), 302, "/c#part", &referring.redirects);
        let third = next(second, 302, "/d", &referring.redirects);
        let headers = headers_of(&third, Request::get(FROM), &referring);
        assert_eq!(headers["referer"], "https://one.example/c");
    }

    #[test]
    fn a_hop_starts_when_the_redirect_is_followed() {
        let redirects = Redirects::default();
        let mut hop = hop(Method::GET, FROM);
        let later = hop.start + Duration::from_secs(7);
        let follow = redirect_of(&hop, 302, "c", &redirects).expect("valid").expect("followed");
        hop.follow(follow, &redirects, later);
        assert_eq!((hop.number, hop.start), (1, later));
    }

    #[test]
    fn a_redirect_by_the_user_s_client_updates_the_hop() {
        let defaults = Defaults::default();
        let first = || hop(Method::GET, FROM);
        let answered = |url: &str| {
            let mut hop = first();
            hop.answered_by(&url.parse().expect("a URL"), &defaults.redirects);
            hop
        };
        let moved = answered("https://me:pw@two.example/c/d#part");
        assert_eq!(moved.url.as_str(), "https://two.example/c/d");
        assert_eq!(moved.number, 0);
        let next = next(moved, 302, "e", &defaults.redirects);
        assert_eq!(next.url.as_str(), "https://two.example/c/e");
        let request = || Request::get(FROM).bearer_auth("secret").header("host", "virtual.example");
        assert_eq!(headers_of(&next, request(), &defaults).len(), 0);

        let same = answered("https://one.example/c");
        assert_eq!(same.retained, first().retained);
        // A response that was built by hand has no URL.
        assert_eq!(answered("http://no.url.provided.local/").url.as_str(), FROM);
    }
}
