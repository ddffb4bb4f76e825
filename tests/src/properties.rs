//! Properties that hold for a request with any values. Each function takes any text, and panics if its
//! property does not hold. The tests call them with random text made of URL characters, and the fuzzer
//! (`tests/fuzz/`) with its own inputs.

use std::sync::LazyLock;

use backstop::{BuildError, Error, ErrorKind, Request, Response, Session, Url};
use tokio::runtime::Runtime;

use crate::Echo;

fn fetch(request: Request) -> Result<Response, Error> {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    });
    static SESSION: LazyLock<Session> =
        LazyLock::new(|| Session::builder().service(Echo).build().expect("a session"));
    RUNTIME.block_on(SESSION.fetch(request))
}

/// The URL of a request.
fn asked(request: Request) -> Result<Url, Error> {
    let text = fetch(request)?.text()?;
    Ok(text.split(' ').next_back().unwrap_or_default().parse().expect("a URL"))
}

fn segments(url: &Url) -> Vec<String> {
    url.path_segments().map(|segments| segments.map(str::to_owned).collect()).unwrap_or_default()
}

/// A value fills its segment or its query pair, or is refused: the origin, the number of segments and the
/// keys are always the template's.
///
/// # Panics
///
/// If that does not hold.
pub fn a_value_stays_in_its_place(one: &str, two: &str, query: &str) {
    let request = Request::get("http://api.test:81/v1/{one}/x-{two}.json/end?k={query}&l=1")
        .path("one", &one)
        .path("two", &two)
        .query_param("query", &query);
    match asked(request) {
        Ok(url) => {
            assert_eq!(url.origin().ascii_serialization(), "http://api.test:81");
            assert!(url.username().is_empty() && url.password().is_none(), "{url}");
            assert_eq!(url.fragment(), None);
            let segments = segments(&url);
            assert_eq!(segments.len(), 4, "{url}");
            assert_eq!((&*segments[0], &*segments[3]), ("v1", "end"));
            let decoded = percent_encoding::percent_decode_str(&segments[1]).decode_utf8_lossy();
            assert_eq!(decoded, one);
            let pairs: Vec<_> = url.query_pairs().collect();
            assert_eq!(pairs, [("k".into(), query.into()), ("l".into(), "1".into())]);
        }
        Err(error) => match error.kind() {
            ErrorKind::Build(BuildError::Segment) => {
                assert!(["", ".", ".."].contains(&one), "{one:?} {error}");
            }
            ErrorKind::Build(BuildError::Url) => too_long(&[one, two, query], &error),
            kind => panic!("{kind:?}"),
        },
    }
}

/// A value of several segments stays below the position of the first, and no segment is lost.
///
/// # Panics
///
/// If that does not hold.
pub fn a_rest_stays_below_its_place(rest: &str) {
    let request = Request::get("http://api.test/v1/{*rest}/end").path_segments("rest", &rest);
    match asked(request) {
        Ok(url) => {
            let segments = segments(&url);
            assert_eq!(url.origin().ascii_serialization(), "http://api.test");
            assert_eq!(segments.len(), 2 + rest.split('/').count(), "{url}");
            assert_eq!(segments[0], "v1");
            assert_eq!(segments.last().map(|last| &**last), Some("end"));
        }
        Err(error) => match error.kind() {
            ErrorKind::Build(BuildError::Segment) => {
                let refused = |segment: &str| ["", ".", ".."].contains(&segment);
                assert!(rest.split('/').any(refused), "{rest:?} {error}");
            }
            ErrorKind::Build(BuildError::Url) => too_long(&[rest], &error),
            kind => panic!("{kind:?}"),
        },
    }
}

/// The literal text of a template means the same as in a URL, and a value means the same as its encoded text.
/// Otherwise the template is refused.
///
/// # Panics
///
/// If that does not hold.
pub fn a_template_means_what_its_url_means(before: &str, value: &str, after: &str) {
    for start in ["", "http://api.test", "HTTPS://me@[::1]:8443/", "http://api.test:80/a?b"] {
        let template = format!("{start}{before}");
        means(&template, asked(Request::get(template.clone())));
        let template = format!("{start}/{before}{{value}}{after}");
        let made = asked(Request::get(template.clone()).path("value", &value));
        let is_segment = |error: &Error| error.kind() == ErrorKind::Build(BuildError::Segment);
        // Elsewhere it is no segment; and one of nothing leaves nothing to compare.
        let is_in_path = !start.contains('?') && !before.contains(['?', '#']);
        if is_in_path && !value.is_empty() && !made.as_ref().is_err_and(is_segment) {
            means(&template.replace("{value}", &encoded(value)), made);
        }
    }
}

/// The request has the URL of this text, or a build error because of the text.
fn means(text: &str, made: Result<Url, Error>) {
    let url = Url::parse(text).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    match (made, url) {
        (Ok(made), Some(mut url)) => {
            // What is not sent, and pairs that hold nothing.
            url.set_fragment(None);
            url.set_username("").expect("it has a host");
            url.set_password(None).expect("it has a host");
            let pairs = url.query().unwrap_or_default().split('&');
            let pairs: Vec<_> = pairs.filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
            url.set_query((!pairs.is_empty()).then(|| pairs.join("&")).as_deref());
            assert_eq!(made.as_str(), url.as_str(), "{text:?}");
        }
        (Ok(made), None) => panic!("{text:?} is not a URL, but became {made}"),
        (Err(error), url) => {
            assert!(error.is_build(), "{text:?}: {error:#}");
            let refused = |character: char| {
                character.is_ascii_control() || ['\\', '{', '}'].contains(&character)
            };
            // More slashes than a URL has are passed by, and then a path would be the host.
            let refused = text.contains(refused) || text.contains(":///");
            assert!(url.is_none() || refused, "{text:?}: {error:#}");
        }
    }
}

fn encoded(value: &str) -> String {
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let encode = |byte: u8| match unreserved(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(encode).collect()
}

/// A URL has 65 535 bytes at most; encoded, a byte becomes three.
fn too_long(values: &[&str], error: &Error) {
    let length: usize = values.iter().map(|value| value.len()).sum();
    assert!(length > 20_000, "{error:#}");
}

/// Any text is a valid template, base, method or header, or a build error on a single line.
///
/// # Panics
///
/// If that does not hold.
pub fn any_text_is_a_request_or_a_build_error(text: &str, header: &str) {
    for request in [
        Request::get(text.to_owned()),
        Request::get("{base}/x").base("base", &text),
        Request::method(text, "http://api.test/"),
        Request::get("http://api.test/").header(header, "x").header("x", text),
    ] {
        if let Err(error) = asked(request) {
            assert!(error.is_build(), "{error:?}");
            assert!(!format!("{error:#}").contains('\n'), "one line: {error:#}");
        }
    }
}

/// No error, request or response shows a password, a query value, a header value or a fragment, with any text
/// around them.
///
/// # Panics
///
/// If one of them does.
pub fn nothing_shows_a_secret(text: &str) {
    const SECRET: &str = "hunter2";

    if text.contains(SECRET) {
        return;
    }
    // No status is a success, so a request that can be sent is an error too.
    let of = |template: String| Request::get(template).success_statuses(&[]);
    let base = "http://api.test/";
    // What ends the authority of a URL, so that what follows is no password.
    let user = text.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    for request in [
        of(format!("http://me:{SECRET}@{text}")),
        of(format!("http://{user}:{SECRET}@api.test/")),
        of(format!("http:///{user}:{SECRET}@api.test/")),
        of(format!("{base}?{text}={SECRET}")),
        of(format!("{base}?key={SECRET}{text}")),
        of(format!("{base}{text}?key={SECRET}")),
        of(format!("{base}{text}#{SECRET}")),
        of("{base}/x".to_owned()).base("base", &format!("http://me:{SECRET}@{text}")),
        of("{base}/x".to_owned()).base("base", &format!("{base}?key={SECRET}&{text}")),
        of(format!("{base}?key={{key}}")).query_param("key", &format!("{SECRET}{text}")),
        of(base.to_owned()).query(&[(text, SECRET)]),
        of(base.to_owned()).header("x-api-key", format!("{text}{SECRET}")),
        of(base.to_owned()).header("authorization", format!("{SECRET}{text}")),
    ] {
        let mut shown = format!("{request:?}");
        match fetch(request) {
            Ok(response) => panic!("nothing is a success: {response:?}"),
            Err(error) => {
                let url = error.url().map(ToString::to_string).unwrap_or_default();
                let template = error.template().unwrap_or_default();
                shown = format!("{shown} {error} {error:#} {error:?} {error:#?} {url} {template}");
            }
        }
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
