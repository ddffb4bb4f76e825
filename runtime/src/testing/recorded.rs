//! A request that a script received, with assertions.

use std::{borrow::Cow, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::json;

/// A request that a script received: everything that a server would see, and the attempt and hop within its
/// call.
///
/// Nothing is hidden, neither credentials nor query values. The headers are those of HTTP/1.1, so they
/// include `host` and the length of the body.
///
/// The assertions panic with the difference, and return the request, so they can be chained:
///
/// ```
/// use backstop::{Error, Session, Request, testing::Script};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let script = Script::new();
/// let orders = script.post("https://shop.example/orders/{id}").status(201);
/// let order = Request::post("https://shop.example/orders/{id}?notify={notify}")
///     .path("id", &7)
///     .query_param("notify", &true)
///     .bearer_auth("s3cret")
///     .json(&serde_json::json!({"items": [{"name": "tea", "count": 2}]}));
/// script.run(Session::shared().fetch(order)).await?;
///
/// orders
///     .last()
///     .assert_path("/orders/7")
///     .assert_query("notify", "true")
///     .assert_header("authorization", "Bearer s3cret")
///     .assert_json_at("$.items[0].count", &2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Recorded(Arc<Facts>);

#[derive(Clone)]
struct Facts {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    call: Call,
}

/// The position of a request in its call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    /// None if the request reached the script as a tower service.
    pub(crate) template: Option<Cow<'static, str>>,
    /// 1 for the first.
    pub(crate) attempt: u32,
    /// 0 for the request that the caller made.
    pub(crate) hop: u32,
}

impl Recorded {
    pub(super) fn new(
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
        call: Call,
    ) -> Self {
        Self(Arc::new(Facts { method, url, headers, body, call }))
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.0.method
    }

    /// The template of the call, with its placeholders. None if the request came from another client, with
    /// the script as its tower service.
    pub fn template(&self) -> Option<&str> {
        self.0.call.template.as_deref()
    }

    /// The complete URL.
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// The path of the URL, percent-encoded as it is sent.
    pub fn path(&self) -> &str {
        self.0.url.path()
    }

    /// The first query value with this name, decoded.
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_values(name).next()
    }

    /// All query values with this name, decoded, in their order.
    pub fn query_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        let pairs = self.0.url.query_pairs();
        pairs.filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The first header with this name, if it is present and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// The body, empty if there is none. A streamed body is complete.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0.body)
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// If it is not JSON, or does not fit the type.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.0.body) {
            Ok(value) => value,
            Err(error) => panic!("the body of {self} cannot be read: {error}\n  {}", self.text()),
        }
    }

    /// The fields of a form, decoded, in their order.
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.0.body).into_owned().collect()
    }

    /// The number of the attempt within its call: 1 for the first.
    pub fn attempt(&self) -> u32 {
        self.0.call.attempt
    }

    /// The number of the hop within its attempt: 0 for the caller's request, 1 for the request after the
    /// first redirect.
    pub fn hop(&self) -> u32 {
        self.0.call.hop
    }

    /// Panics unless the method is this one.
    #[track_caller]
    pub fn assert_method(&self, method: &str) -> &Self {
        assert!(self.0.method == method, "the method of {self} is not {method}");
        self
    }

    /// Panics unless the URL is exactly this one.
    #[track_caller]
    pub fn assert_url(&self, url: &str) -> &Self {
        let found = self.0.url.as_str();
        assert!(found == url, "the URL differs\n  expected: {url}\n  found:    {found}");
        self
    }

    /// Panics unless the path is this one, percent-encoded as it is sent.
    #[track_caller]
    pub fn assert_path(&self, path: &str) -> &Self {
        let found = self.path();
        assert!(found == path, "the path differs\n  expected: {path}\n  found:    {found}");
        self
    }

    /// Panics unless the query has this value under this name.
    #[track_caller]
    pub fn assert_query(&self, name: &str, value: impl fmt::Display) -> &Self {
        let value = value.to_string();
        if let Some(difference) = self.query_difference(name, &value) {
            panic!("{difference}, in {self}");
        }
        self
    }

    /// Panics if the query has this name.
    #[track_caller]
    pub fn assert_no_query(&self, name: &str) -> &Self {
        if let Some(value) = self.query(name) {
            panic!("the query has `{name}={value}` in {self}");
        }
        self
    }

    /// Panics unless a header of this name has this value.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        if let Some(difference) = self.header_difference(name, value) {
            panic!("{difference}, in {self}");
        }
        self
    }

    /// Panics if there is a header of this name.
    #[track_caller]
    pub fn assert_no_header(&self, name: &str) -> &Self {
        if let Some(value) = self.0.headers.get(name) {
            panic!("there is a header `{name}: {}` in {self}", shown(value));
        }
        self
    }

    /// Panics unless the body is this JSON. The message lists the paths that differ.
    #[track_caller]
    pub fn assert_json(&self, expected: &(impl Serialize + ?Sized)) -> &Self {
        self.fail_of_json(json::diff(&value(expected), &self.json()));
        self
    }

    /// Panics unless the body is JSON with at least these members. The message lists the paths that differ.
    #[track_caller]
    pub fn assert_json_part(&self, expected: &(impl Serialize + ?Sized)) -> &Self {
        self.fail_of_json(json::diff_part(&value(expected), &self.json()));
        self
    }

    /// Panics unless the body is JSON with this value at this path: `$.items[0].name`, or the RFC 6901
    /// pointer `/items/0/name`.
    #[track_caller]
    pub fn assert_json_at(&self, path: &str, expected: &(impl Serialize + ?Sized)) -> &Self {
        let body: Value = self.json();
        self.fail_of_json(json_differences_at(&body, path, &value(expected)));
        self
    }

    /// Panics unless the body is this text.
    #[track_caller]
    pub fn assert_text(&self, expected: &str) -> &Self {
        let found = self.text();
        assert!(
            found == expected,
            "the body of {self} differs\n  expected: {expected:?}\n  found:    {found:?}"
        );
        self
    }

    /// Panics if there is a body.
    #[track_caller]
    pub fn assert_no_body(&self) -> &Self {
        assert!(self.0.body.is_empty(), "{self} has a body: {:?}", self.text());
        self
    }

    #[track_caller]
    fn fail_of_json(&self, differences: Vec<String>) {
        if !differences.is_empty() {
            panic!("the JSON of {self} differs\n  {}", differences.join("\n  "));
        }
    }

    pub(super) fn query_difference(&self, name: &str, value: &str) -> Option<String> {
        let found: Vec<String> = self.query_values(name).collect();
        match found.first() {
            _ if found.iter().any(|found| found == value) => None,
            Some(found) => Some(format!("the query: `{name}` is `{found}`, not `{value}`")),
            None => Some(format!("the query: `{name}` is missing, expected `{value}`")),
        }
    }

    pub(super) fn header_difference(&self, name: &str, value: &str) -> Option<String> {
        let mut found = self.0.headers.get_all(name).iter().peekable();
        let Some(first) = found.peek().map(|first| shown(first)) else {
            return Some(format!("header `{name}`: it is missing, expected `{value}`"));
        };
        let is_found = found.any(|found| found.as_bytes() == value.as_bytes());
        (!is_found).then(|| format!("header `{name}`: it is `{first}`, not `{value}`"))
    }
}

/// The differences at one path of a JSON value.
pub(super) fn json_differences_at(body: &Value, path: &str, expected: &Value) -> Vec<String> {
    match json::at(body, path) {
        None => vec![format!("{path}: expected {expected}, and it is missing")],
        Some(found) => json::diff(expected, found)
            .into_iter()
            .map(|line| match line.strip_prefix('$') {
                Some(rest) => format!("{path}{rest}"),
                None => line,
            })
            .collect(),
    }
}

/// A value as JSON.
///
/// # Panics
///
/// If it cannot be serialized, which is a mistake of the test.
#[track_caller]
pub(super) fn value(value: &(impl Serialize + ?Sized)) -> Value {
    match serde_json::to_value(value) {
        Ok(value) => value,
        Err(error) => panic!("the value of the test cannot be serialized as JSON: {error}"),
    }
}

fn shown(value: &http::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The method and the URL: `GET https://host/users/7`.
impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.method, self.0.url)
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("method", &self.0.method)
            .field("template", &self.template())
            .field("url", &self.0.url.as_str())
            .field("headers", &HeadersText(&self.0.headers))
            .field("body", &self.text())
            .field("attempt", &self.attempt())
            .field("hop", &self.hop())
            .finish()
    }
}

/// Headers, including the values that are marked sensitive.
struct HeadersText<'a>(&'a HeaderMap);

impl fmt::Debug for HeadersText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), shown(value)));
        f.debug_map().entries(pairs).finish()
    }
}

#[cfg(test)]
impl Recorded {
    pub(super) fn of(method: &str, url: &str) -> Self {
        let method = method.parse().expect("a method");
        let url = url.parse().expect("a URL");
        let call = Call { attempt: 1, ..Call::default() };
        Self::new(method, url, HeaderMap::new(), Bytes::new(), call)
    }

    pub(super) fn with_template(self, template: &'static str) -> Self {
        let mut facts = (*self.0).clone();
        facts.call.template = Some(template.into());
        Self(Arc::new(facts))
    }
}
