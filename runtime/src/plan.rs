//! The plan of a call: a request, merged with the defaults of its session.
//!
//! The plan is a pure function of both. Only this module decides whether a setting of the request or of the
//! session applies. The exchange reads only the plan.

use std::{borrow::Cow, ops::RangeInclusive, sync::Arc};

#[cfg(test)]
use http::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::Url;

use crate::{
    deadline::Deadline,
    error::{BuildError, DEFAULT_ERROR_BODY, Error},
    hooks::Hooks,
    observe::Observer,
    request::{
        Content, ContentHeaders, Parts, add_header, append_header, remove_secrets, set_default,
        take_userinfo,
    },
    retry::{IDEMPOTENCY_KEY, Retry, decision::is_idempotent},
    timers::Timeouts,
};

/// What the requests of a session have in common.
#[derive(Clone)]
pub(crate) struct Defaults {
    pub(crate) base: Option<Url>,
    /// The user information of the base URL, as the value of `Authorization`.
    pub(crate) credentials: Option<HeaderValue>,
    pub(crate) headers: HeaderMap,
    pub(crate) timeouts: Timeouts,
    /// The limit of a buffered body, in bytes.
    pub(crate) max_body: u64,
    /// How much of a body an error keeps, in bytes.
    pub(crate) error_body: u64,
    pub(crate) retry: Option<Arc<Retry>>,
    pub(crate) redirects: Redirects,
    pub(crate) hooks: Arc<Hooks>,
}

/// Which redirects are followed, and what goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Redirects {
    pub(crate) max: u32,
    /// Whether credentials are sent to another origin.
    pub(crate) forward_credentials: bool,
    /// Whether a redirect from `https` to `http` is followed.
    pub(crate) allow_downgrade: bool,
    pub(crate) send_referer: bool,
}

/// One call, with all that decides how it goes.
pub(crate) struct Plan {
    pub(crate) method: Method,
    pub(crate) template: Cow<'static, str>,
    /// The URL of the first hop, without user information.
    pub(crate) url: Url,
    /// The headers of the first hop. A later hop carries those of them that may be known where it goes.
    pub(crate) headers: HeaderMap,
    /// A stream is taken out of it when it is sent.
    pub(crate) body: Content,
    /// Whether the server may process the request twice: its method is idempotent, or it has an
    /// idempotency key.
    pub(crate) is_repeatable: bool,
    /// Which statuses count as success.
    pub(crate) success: &'static [RangeInclusive<u16>],
    /// Whether the response is handed out with its body still open.
    pub(crate) streaming: bool,
    /// Whether the response is handed out with the means to go on after it.
    pub(crate) continued: bool,
    /// Whether JSON is read under any content type.
    pub(crate) any_content_type: bool,
    pub(crate) timeouts: Timeouts,
    /// The limit of the body in bytes, after decompression. Only a body that stays open can be without.
    pub(crate) max_body: Option<u64>,
    /// How much of a body an error keeps, in bytes.
    pub(crate) error_body: usize,
    pub(crate) retry: Option<Arc<Retry>>,
    pub(crate) redirects: Redirects,
    /// When the call has to end, in addition to its timeouts.
    pub(crate) deadline: Deadline,
    /// Whether the span of the call stays open while its failure is handled.
    pub(crate) is_handled: bool,
    /// Whether what reads the response tells how the call ended.
    pub(crate) is_read: bool,
    /// The observer of this call, in addition to those of its session.
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) hooks: Arc<Hooks>,
    /// Whether the session's secrets may be sent to the URL.
    pub(crate) is_own_origin: bool,
    /// Whether the session's source of credentials is asked.
    pub(crate) credentials: Ask,
}

/// Whether a call asks the session's source of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// There is none, or the request has credentials of its own or goes to another origin.
    Never,
    /// Before each attempt.
    Yes,
    /// The same, and no more after a 401: other credentials were asked for already.
    Renewed,
}

impl Plan {
    /// Resolves a request. `new_uuid` makes its idempotency key, where the policy asks for one; the error of
    /// a request that cannot be made names the request.
    pub(crate) fn new(
        mut request: Box<Parts>,
        defaults: &Defaults,
        new_uuid: fn() -> String,
    ) -> Result<Self, Error> {
        match FirstHop::new(&mut request, defaults, new_uuid) {
            Ok(first_hop) => Ok(Self::resolve(*request, defaults, first_hop)),
            Err(error) => Err(error.with_request(&request.method, request.template)),
        }
    }

    fn resolve(request: Parts, defaults: &Defaults, first_hop: FirstHop) -> Self {
        let FirstHop { url, headers, is_repeatable, is_own_origin, credentials } = first_hop;
        let inherited = defaults.timeouts;
        Self {
            method: request.method,
            template: request.template,
            url,
            headers,
            body: request.body,
            is_repeatable,
            success: request.success,
            streaming: request.streaming,
            continued: request.continued,
            any_content_type: request.any_content_type,
            timeouts: Timeouts {
                total: request.timeout.resolve(inherited.total),
                attempt: request.attempt_timeout.resolve(inherited.attempt),
                idle: request.idle_timeout.resolve(inherited.idle),
            },
            max_body: match request.streaming {
                true => request.max_body,
                false => request.max_body.or(Some(defaults.max_body)),
            },
            error_body: usize::try_from(request.error_body.unwrap_or(defaults.error_body))
                .unwrap_or(usize::MAX),
            retry: request.retry.or_else(|| defaults.retry.clone()),
            redirects: Redirects {
                max: request.max_redirects.unwrap_or(defaults.redirects.max),
                ..defaults.redirects
            },
            deadline: request.deadline,
            is_handled: request.is_handled,
            is_read: request.is_read,
            observer: request.observer,
            hooks: Arc::clone(&defaults.hooks),
            is_own_origin,
            credentials,
        }
    }

    /// The same call again, without a body that can be sent only once.
    pub(crate) fn replay(&self) -> Self {
        Self {
            method: self.method.clone(),
            template: self.template.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.replay(),
            retry: self.retry.clone(),
            hooks: Arc::clone(&self.hooks),
            observer: self.observer.clone(),
            // What continues a response reads it in its own way.
            is_read: false,
            ..*self
        }
    }

    /// Leaves out what may not be known at another origin.
    pub(crate) fn leave_origin(&mut self) {
        self.headers.remove(header::HOST);
        self.is_own_origin = false;
        self.credentials = Ask::Never;
        if !self.redirects.forward_credentials {
            remove_secrets(&mut self.headers);
        }
    }

    pub(crate) fn is_success(&self, status: StatusCode) -> bool {
        self.success.iter().any(|range| range.contains(&status.as_u16()))
    }
}

/// What is sent at first.
struct FirstHop {
    url: Url,
    headers: HeaderMap,
    is_repeatable: bool,
    is_own_origin: bool,
    credentials: Ask,
}

impl FirstHop {
    fn new(
        request: &mut Parts,
        defaults: &Defaults,
        new_uuid: fn() -> String,
    ) -> Result<Self, Error> {
        if let Some(mistake) = request.mistake.take() {
            return Err(mistake);
        }
        let mut url = request.url(defaults.base.as_ref())?;
        let credentials = take_userinfo(&mut url)?;
        check_method(request)?;
        check_framing(request, &defaults.headers)?;
        check_retry(request)?;
        let mut headers = std::mem::take(&mut request.headers);
        let is_own_origin = defaults.is_own_origin(&url);
        let has_own = credentials.is_some() || headers.contains_key(header::AUTHORIZATION);
        let asks = defaults.hooks.source.is_some() && is_own_origin && !has_own;
        let credentials = credentials.or_else(|| defaults.credentials_of_base(is_own_origin));
        if let Some(credentials) = credentials {
            set_default(&mut headers, header::AUTHORIZATION, credentials)?;
        }
        let is_idempotent = is_idempotent(&request.method);
        let retry = request.retry.as_ref().or(defaults.retry.as_ref());
        if !is_idempotent && let Some(key) = retry.and_then(|retry| retry.key(new_uuid)) {
            set_default(&mut headers, IDEMPOTENCY_KEY, key)?;
        }
        // One of the session's is the same for all of its requests, and tells none from another.
        let is_repeatable = is_idempotent || headers.contains_key(IDEMPOTENCY_KEY);
        add_content_headers(&mut headers, &mut request.content_headers)?;
        defaults.add_headers(&mut headers, is_own_origin)?;
        for (name, value) in request.default_headers {
            if !headers.contains_key(*name) {
                add_header(&mut headers, name, *value)?;
            }
        }
        let credentials = if asks { Ask::Yes } else { Ask::Never };
        Ok(Self { url, headers, is_repeatable, is_own_origin, credentials })
    }
}

/// Refuses CONNECT, which asks for a tunnel, and a TRACE request with a body.
fn check_method(request: &Parts) -> Result<(), Error> {
    match request.method {
        Method::CONNECT => Err(Error::build(
            BuildError::Method,
            "CONNECT asks a proxy for a tunnel (RFC 9110 §9.3.6), which a session with a proxy does by \
             itself",
        )),
        Method::TRACE if !request.body.is_empty() => {
            Err(Error::build(BuildError::Body, "a TRACE request has no body (RFC 9110 §9.3.8)"))
        }
        _ => Ok(()),
    }
}

/// Refuses headers that do not fit the body, whoever gave them: what follows on the connection would
/// be read as the body, or the body as what follows (RFC 9112 §11.2).
fn check_framing(request: &Parts, inherited: &HeaderMap) -> Result<(), Error> {
    let given = |name| request.headers.get(name).or_else(|| inherited.get(name));
    if let Some(length) = given(&header::CONTENT_LENGTH)
        && !request.body.has_length(length.as_bytes())
    {
        return Err(Error::build(
            BuildError::Header,
            "`content-length` is not the length of the body: leave it out",
        ));
    }
    if given(&header::EXPECT).is_some() && request.body.is_empty() {
        return Err(Error::build(
            BuildError::Header,
            "`expect` is for a request with a body (RFC 9110 §10.1.1)",
        ));
    }
    Ok(())
}

/// Refuses a policy of the request's own that its body cannot follow. That of a session is for all of its
/// requests, and this one is then sent once.
fn check_retry(request: &Parts) -> Result<(), Error> {
    let asks_for_more = request.retry.as_ref().is_some_and(|retry| retry.allows_retries());
    match asks_for_more && !request.body.is_replayable() {
        false => Ok(()),
        true => Err(Error::build(
            BuildError::Body,
            "a body that can be sent only once cannot be retried: give its bytes, or no `retry`",
        )),
    }
}

fn add_content_headers(headers: &mut HeaderMap, content: &mut ContentHeaders) -> Result<(), Error> {
    let ContentHeaders { content_type, content_length } = std::mem::take(content);
    if let Some(value) = content_type {
        set_default(headers, header::CONTENT_TYPE, value)?;
    }
    if let Some(value) = content_length {
        set_default(headers, header::CONTENT_LENGTH, value)?;
    }
    Ok(())
}

impl Defaults {
    /// Whether the secrets of the session may be sent to this URL: those of a session with a base URL
    /// belong to the base's origin.
    fn is_own_origin(&self, url: &Url) -> bool {
        self.base.as_ref().is_none_or(|base| base.origin() == url.origin())
    }

    /// The credentials of the base URL, unless the session has a header in their place.
    fn credentials_of_base(&self, is_own_origin: bool) -> Option<HeaderValue> {
        let credentials = self.credentials.as_ref().filter(|_| is_own_origin)?;
        (!self.headers.contains_key(header::AUTHORIZATION)).then(|| credentials.clone())
    }

    /// Adds each header that the request does not have itself, and marks those that carry credentials. To
    /// another origin than the base's go neither the secret ones nor `Host`.
    fn add_headers(&self, headers: &mut HeaderMap, is_own_origin: bool) -> Result<(), Error> {
        for name in self.headers.keys() {
            if headers.contains_key(name) || !is_own_origin && *name == header::HOST {
                continue;
            }
            for value in self.headers.get_all(name) {
                let is_secret = value.is_sensitive() || self.hooks.sensitive.contains(name);
                if is_own_origin || !is_secret {
                    append_header(headers, name.clone(), value.clone())?;
                }
            }
        }
        for name in &self.hooks.sensitive {
            if let header::Entry::Occupied(mut values) = headers.entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
        Ok(())
    }
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            base: None,
            credentials: None,
            headers: HeaderMap::new(),
            timeouts: Timeouts::default(),
            max_body: 16 * 1024 * 1024,
            error_body: DEFAULT_ERROR_BODY as u64,
            retry: None,
            redirects: Redirects::default(),
            hooks: Arc::default(),
        }
    }
}

#[cfg(test)]
impl Defaults {
    /// With one secret header that its name does not tell.
    pub(crate) fn with_sensitive(name: &'static str) -> Self {
        let hooks = Hooks { sensitive: vec![HeaderName::from_static(name)], ..Hooks::default() };
        Self { hooks: Arc::new(hooks), ..Self::default() }
    }
}

impl Default for Redirects {
    fn default() -> Self {
        Self { max: 10, forward_credentials: false, allow_downgrade: false, send_referer: false }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::prelude::{BASE64_STANDARD, Engine as _};

    use super::*;
    use crate::{
        error::ErrorKind,
        request::{Body, Request},
    };

    const URL: &str = "https://one.example/a";

    fn plan(request: Request, defaults: &Defaults) -> Plan {
        Plan::new(request.into_parts(), defaults, || "1-2".to_owned()).expect("a plan")
    }

    fn refused(request: Request, defaults: &Defaults) -> Error {
        Plan::new(request.into_parts(), defaults, || "1-2".to_owned()).err().expect("refused")
    }

    fn with_base(base: &str) -> Defaults {
        Defaults { base: Some(base.parse().expect("a URL")), ..Defaults::default() }
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    /// A stream: a body that can be sent only once.
    fn stream() -> Body {
        reqwest::Body::wrap(reqwest::Body::from("x")).into()
    }

    #[test]
    fn a_template_is_filled_and_joined_to_the_base() {
        let absolute = || Request::get("https://two.example/{id}?q={q}").path("id", &7);
        for (request, url) in [
            (absolute().query_param("q", "a b"), "https://two.example/7?q=a+b"),
            (absolute().query_param("q", &()).query(&[("r", 1)]), "https://two.example/7?r=1"),
            (Request::get("/users"), "https://one.example/v1/users"),
            (Request::get("users/{id}").path("id", &"a/b"), "https://one.example/v1/users/a%2Fb"),
            (Request::get("https://me:pw@two.example/c"), "https://two.example/c"),
            (Request::get(String::from("https://two.example/d")), "https://two.example/d"),
        ] {
            assert_eq!(plan(request, &with_base("https://one.example/v1")).url.as_str(), url);
        }
    }

    #[test]
    fn timeouts_of_the_request_override_the_session_s() {
        let [one, two] = [1, 2].map(Duration::from_secs);
        for (inherited, asked, planned) in [
            (None, None, None),
            (Some(one), None, Some(one)),
            (Some(one), Some(None), None),
            (Some(one), Some(Some(two)), Some(two)),
            (None, Some(Some(two)), Some(two)),
            (None, Some(None), None),
        ] {
            let timeouts = Timeouts { total: inherited, attempt: inherited, idle: inherited };
            let defaults = Defaults { timeouts, ..Defaults::default() };
            let mut request = Request::get(URL);
            if let Some(asked) = asked {
                request = request.timeout(asked).attempt_timeout(asked).idle_timeout(asked);
            }
            let timeouts = Timeouts { total: planned, attempt: planned, idle: planned };
            assert_eq!(plan(request, &defaults).timeouts, timeouts, "{inherited:?} {asked:?}");
        }
        // Each timeout is set independently.
        let planned = plan(Request::get(URL).attempt_timeout(two), &Defaults::default()).timeouts;
        assert_eq!(planned, Timeouts { attempt: Some(two), ..Timeouts::default() });
    }

    #[test]
    fn a_streamed_body_ignores_the_session_s_limit() {
        let defaults = Defaults { max_body: 10, error_body: 5, ..Defaults::default() };
        let get = || Request::get(URL);
        for (request, max_body, error_body) in [
            (get(), Some(10), 5),
            (get().max_body(20).error_body(7), Some(20), 7),
            (get().streaming(true), None, 5),
            (get().streaming(true).max_body(20), Some(20), 5),
        ] {
            let plan = plan(request, &defaults);
            assert_eq!((plan.max_body, plan.error_body), (max_body, error_body));
        }
    }

    #[test]
    fn request_headers_override_body_and_session_headers() {
        let mut defaults = Defaults::default();
        for name in ["accept", "content-type", "x-a"] {
            defaults.headers.append(name, HeaderValue::from_static("session"));
        }
        defaults.headers.append("x-a", HeaderValue::from_static("session 2"));
        let values = |request: Request, name: &str| {
            let headers = plan(request, &defaults).headers;
            let values = headers.get_all(name).iter();
            values.map(|value| value.to_str().expect("text").to_owned()).collect::<Vec<_>>()
        };
        let post = || Request::post(URL).text("x");
        assert_eq!(values(post(), "accept"), ["session"]);
        assert_eq!(values(post(), "content-type"), ["text/plain; charset=utf-8"]);
        assert_eq!(values(post().header("content-type", "own"), "content-type"), ["own"]);
        assert_eq!(values(Request::get(URL), "content-type"), ["session"]);
        assert_eq!(values(post(), "x-a"), ["session", "session 2"]);
        assert_eq!(values(post().header("x-a", "1").header("x-a", "2"), "x-a"), ["1", "2"]);
        assert_eq!(values(post().header("x-a", None::<&str>), "x-a"), ["session", "session 2"]);
    }

    #[test]
    fn request_credentials_override_url_and_session_credentials() {
        let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
        let (in_url, in_base) = ("https://url:1@one.example/a", "https://base:1@one.example/");
        for (header, url, session, base, expected) in [
            (true, in_url, true, true, Some("Bearer own".to_owned())),
            (false, in_url, true, true, Some(basic("url:1"))),
            (false, URL, true, true, Some("session".to_owned())),
            (false, URL, false, true, Some(basic("base:1"))),
            (false, URL, false, false, None),
            // The session's credentials are sent only to the base's origin.
            (false, "https://two.example/", true, true, None),
            (false, "https://two.example/", false, true, None),
            (true, "https://two.example/", true, true, Some("Bearer own".to_owned())),
        ] {
            let mut base_url = in_base.parse().expect("a URL");
            let credentials = take_userinfo(&mut base_url).expect("credentials").filter(|_| base);
            let mut defaults =
                Defaults { base: Some(base_url), credentials, ..Defaults::default() };
            if session {
                let mut value = HeaderValue::from_static("session");
                value.set_sensitive(true);
                defaults.headers.insert(header::AUTHORIZATION, value);
            }
            let request = Request::get(url).bearer_auth(header.then_some("own"));
            let headers = plan(request, &defaults).headers;
            let found = headers.get(header::AUTHORIZATION);
            assert!(found.is_none_or(HeaderValue::is_sensitive));
            let found = found.map(|value| value.to_str().expect("text").to_owned());
            assert_eq!(found, expected, "{header} {url} {session} {base}");
        }
    }

    #[test]
    fn session_secrets_are_planned_only_for_the_base_origin() {
        let mut headers = HeaderMap::new();
        let mut key = HeaderValue::from_static("secret");
        key.set_sensitive(true);
        headers.insert("x-api-key", key);
        headers.insert("x-door", HeaderValue::from_static("secret"));
        headers.insert("host", HeaderValue::from_static("virtual.example"));
        headers.insert("x-plain", HeaderValue::from_static("plain"));
        let anywhere = Defaults { headers, ..Defaults::with_sensitive("x-door") };
        let own = Defaults { base: with_base("https://one.example/v1").base, ..anywhere.clone() };
        let all = ["host", "x-api-key", "x-door", "x-plain"];
        for (defaults, url, expected) in [
            (&anywhere, URL, &all[..]),
            (&anywhere, "https://two.example/", &all),
            (&own, URL, &all),
            (&own, "/b", &all),
            (&own, "https://two.example/", &["x-plain"]),
            (&own, "http://one.example/", &["x-plain"]),
            (&own, "https://one.example:444/", &["x-plain"]),
        ] {
            let headers = plan(Request::get(url), defaults).headers;
            assert_eq!(names(&headers), expected, "{url}");
            assert!(headers.get("x-door").is_none_or(HeaderValue::is_sensitive));
        }
        // A header that the request sets itself is sent to any origin.
        let request = Request::get("https://two.example/").header("x-door", "own");
        let headers = plan(request, &own).headers;
        assert_eq!(names(&headers), ["x-door", "x-plain"]);
        assert!(headers["x-door"].is_sensitive());
    }

    #[test]
    fn the_request_s_retry_policy_overrides_the_session_s() {
        let times = |plan: Plan| plan.retry.map(|retry| retry.allows_retries());
        let patient = Defaults { retry: Some(Arc::new(Retry::times(2))), ..Defaults::default() };
        assert_eq!(times(plan(Request::get(URL), &Defaults::default())), None);
        assert_eq!(times(plan(Request::get(URL), &patient)), Some(true));
        assert_eq!(times(plan(Request::get(URL).retry(0), &patient)), Some(false));
        assert_eq!(times(plan(Request::get(URL).retry(1), &Defaults::default())), Some(true));
        // A session's policy does not retry a one-time body. A retry policy of the request is an error.
        let once = || Request::post(URL).body(stream());
        assert_eq!(times(plan(once(), &patient)), Some(true));
        assert_eq!(times(plan(once().retry(0), &patient)), Some(false));
        let error = refused(once().retry(1), &Defaults::default());
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    }

    #[test]
    fn a_request_is_repeatable_if_idempotent_or_uniquely_keyed() {
        let keyed = || Retry::times(1).idempotency_key();
        let of_session = Defaults { retry: Some(Arc::new(keyed())), ..Defaults::default() };
        let mut constant = Defaults::default();
        constant.headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("constant"));
        let (get, post) = (|| Request::get(URL), || Request::post(URL));
        for (request, defaults, key, is_repeatable) in [
            (get(), &Defaults::default(), None, true),
            (get().retry(keyed()), &Defaults::default(), None, true),
            (post(), &Defaults::default(), None, false),
            (post().retry(1), &Defaults::default(), None, false),
            (post().retry(keyed()), &Defaults::default(), Some("\"1-2\""), true),
            (post(), &of_session, Some("\"1-2\""), true),
            (post().retry(1), &of_session, None, false),
            (post().header("idempotency-key", "own"), &of_session, Some("own"), true),
            // A key that is the same for all requests does not identify one.
            (post(), &constant, Some("constant"), false),
        ] {
            let plan = plan(request, defaults);
            let found = plan.headers.get(IDEMPOTENCY_KEY);
            let found = found.map(|value| value.to_str().expect("text"));
            assert_eq!((found, plan.is_repeatable), (key, is_repeatable));
        }
    }

    #[test]
    fn the_request_decides_which_statuses_are_successes() {
        let statuses = |request: Request| {
            let plan = plan(request, &Defaults::default());
            [199, 200, 204, 299, 300, 404]
                .map(|code| plan.is_success(StatusCode::from_u16(code).expect("a status")))
        };
        assert_eq!(statuses(Request::get(URL)), [false, true, true, true, false, false]);
        let request = Request::get(URL).success_statuses(&[200..=200, 404..=404]);
        assert_eq!(statuses(request), [false, true, false, false, false, true]);
    }

    #[test]
    fn a_build_error_has_the_method_and_the_template() {
        let mut framing = Defaults::default();
        framing.headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("3"));
        for (request, defaults, leaf) in [
            (Request::get("/relative"), &Defaults::default(), BuildError::Url),
            (Request::get("https://h/{id}"), &Defaults::default(), BuildError::Url),
            (Request::get("https://a%3Ab:c@h/"), &Defaults::default(), BuildError::Header),
            (Request::post(URL).text("four"), &framing, BuildError::Header),
            (Request::get(URL).header("expect", "100-continue"), &framing, BuildError::Header),
            // The first mistake of the builder is reported before all others.
            (Request::get("/relative").header("no name", "x"), &framing, BuildError::Header),
        ] {
            let error = refused(request, defaults);
            assert_eq!(error.kind(), ErrorKind::Build(leaf), "{error}");
            assert!(error.method().is_some(), "{error}");
            assert!(error.template().is_some(), "{error}");
            assert_eq!(error.attempts(), 0);
        }
    }
}
