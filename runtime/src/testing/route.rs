//! A route: which requests it takes, what it replies, and how often it is expected to be called.

use std::{
    fmt,
    ops::{Bound, RangeBounds},
    panic::Location,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde_json::Value;

use super::{
    json,
    pattern::{Difference, Pattern, Values},
    recorded::{Recorded, json_differences_at, value},
    reply::Reply,
    script::Shared,
};
use crate::error::ErrorKind;

/// A route of a [`Script`](super::Script): which requests it takes, and what it replies.
///
/// A route is part of the script as soon as [`get`](super::Script::get) or a similar method returns it; the
/// chained methods change it. Methods that begin with `with` and `without` restrict which requests it takes:
/// all of them must hold. [`json`](Route::json), [`status`](Route::status) and others set the reply,
/// [`then`](Route::then) adds the next one, and the last reply is repeated. [`once`](Route::once),
/// [`times`](Route::times) and [`never`](Route::never) set the expected number of calls; without them, any
/// number is accepted.
///
/// To assert on the requests that a route answered, keep the route and call [`requests`](Route::requests) or
/// [`last`](Route::last).
#[derive(Clone)]
pub struct Route {
    script: Arc<Shared>,
    index: usize,
}

/// A number of calls: `2`, `2..`, `..=3`, `1..4`.
pub trait Times {
    /// The minimum number of calls, and the maximum, if there is one.
    fn bounds(self) -> (usize, Option<usize>);
}

impl Times for usize {
    fn bounds(self) -> (usize, Option<usize>) {
        (self, Some(self))
    }
}

/// Implements `Times` for a range type.
macro_rules! times {
    ($($range:ty),*) => {$(
        impl Times for $range {
            fn bounds(self) -> (usize, Option<usize>) {
                of_range(&self)
            }
        }
    )*};
}

times!(
    std::ops::Range<usize>,
    std::ops::RangeFrom<usize>,
    std::ops::RangeFull,
    std::ops::RangeInclusive<usize>,
    std::ops::RangeTo<usize>,
    std::ops::RangeToInclusive<usize>
);

fn of_range(range: &impl RangeBounds<usize>) -> (usize, Option<usize>) {
    let least = match range.start_bound() {
        Bound::Included(&least) => least,
        Bound::Excluded(&before) => before + 1,
        Bound::Unbounded => 0,
    };
    let most = match range.end_bound() {
        Bound::Included(&most) => Some(most),
        Bound::Excluded(&after) => Some(after.saturating_sub(1)),
        Bound::Unbounded => None,
    };
    (least, most)
}

/// The expected number of calls of a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) least: usize,
    pub(super) most: Option<usize>,
}

/// Whether a route may be called now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now,
    /// The route has no calls left.
    Over {
        most: usize,
    },
    /// Another route must be called first.
    After(String),
    /// A route that should follow was called already.
    Before(String),
}

/// A route as the script keeps it.
pub(super) struct Entry {
    pub(super) criteria: Arc<Criteria>,
    replies: Vec<Reply>,
    requests: Vec<Recorded>,
    pub(super) expected: Option<Expected>,
    /// The routes that must be called before this one.
    pub(super) after: Vec<usize>,
    pub(super) location: &'static Location<'static>,
}

/// Which requests a route takes.
#[derive(Clone)]
pub(super) struct Criteria {
    method: Option<Method>,
    template: String,
    pattern: Pattern,
    conditions: Vec<Condition>,
}

#[derive(Clone)]
enum Condition {
    Path(String, String),
    Query(String, String),
    AnyQuery(String),
    NoQuery(String),
    Header(String, String),
    AnyHeader(String),
    NoHeader(String),
    Json(Value),
    JsonPart(Value),
    JsonAt(String, Value),
    Body(Bytes),
    Form(String, String),
    When(Arc<dyn Fn(&Recorded) -> bool + Send + Sync>),
}

impl Route {
    pub(super) fn new(script: Arc<Shared>, index: usize) -> Self {
        Self { script, index }
    }

    fn edit(self, change: impl FnOnce(&mut Entry)) -> Self {
        change(&mut self.script.state().routes[self.index]);
        self
    }

    fn condition(self, condition: Condition) -> Self {
        self.edit(|entry| Arc::make_mut(&mut entry.criteria).conditions.push(condition))
    }

    /// Changes the last reply.
    fn change(self, change: impl FnOnce(Reply) -> Reply) -> Self {
        let last = |entry: &mut Entry| entry.replies.pop().unwrap_or_else(Reply::ok);
        // Outside the lock, as an invalid reply panics.
        let reply = last(&mut self.script.state().routes[self.index]);
        let reply = change(reply);
        self.edit(|entry| entry.replies.push(reply))
    }

    /// Takes only requests whose path has this value at the placeholder `{name}` of the template.
    ///
    /// # Panics
    ///
    /// If the path of the template has no such placeholder.
    #[track_caller]
    pub fn with_path(self, name: &str, value: impl fmt::Display) -> Self {
        let criteria = Arc::clone(&self.script.state().routes[self.index].criteria);
        assert!(
            criteria.pattern.has_value(name),
            "the path of `{}` has no placeholder `{{{name}}}`",
            criteria.template
        );
        self.condition(Condition::Path(name.to_owned(), value.to_string()))
    }

    /// Takes only requests whose query has this value under this name, decoded.
    pub fn with_query(self, name: &str, value: impl fmt::Display) -> Self {
        self.condition(Condition::Query(name.to_owned(), value.to_string()))
    }

    /// Takes only requests whose query has this name, whatever its value.
    pub fn with_any_query(self, name: &str) -> Self {
        self.condition(Condition::AnyQuery(name.to_owned()))
    }

    /// Takes only requests whose query does not have this name.
    pub fn without_query(self, name: &str) -> Self {
        self.condition(Condition::NoQuery(name.to_owned()))
    }

    /// Takes only requests that have a header of this name with this value.
    pub fn with_header(self, name: &str, value: impl fmt::Display) -> Self {
        self.condition(Condition::Header(name.to_owned(), value.to_string()))
    }

    /// Takes only requests that have a header of this name, whatever its value.
    pub fn with_any_header(self, name: &str) -> Self {
        self.condition(Condition::AnyHeader(name.to_owned()))
    }

    /// Takes only requests that have no header of this name.
    pub fn without_header(self, name: &str) -> Self {
        self.condition(Condition::NoHeader(name.to_owned()))
    }

    /// Takes only requests whose body is this JSON.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[track_caller]
    pub fn with_json(self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = value(body);
        self.condition(Condition::Json(body))
    }

    /// Takes only requests whose body is JSON that has at least these members.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[track_caller]
    pub fn with_json_part(self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = value(body);
        self.condition(Condition::JsonPart(body))
    }

    /// Takes only requests whose body is JSON with this value at this path: `$.items[0].name`, or a
    /// pointer as in RFC 6901, `/items/0/name`.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[track_caller]
    pub fn with_json_at(self, path: &str, expected: &(impl Serialize + ?Sized)) -> Self {
        let expected = value(expected);
        self.condition(Condition::JsonAt(path.to_owned(), expected))
    }

    /// Takes only requests whose body is these bytes, or this text.
    pub fn with_body(self, body: impl Into<Bytes>) -> Self {
        self.condition(Condition::Body(body.into()))
    }

    /// Takes only requests whose body is a form with this value under this name.
    pub fn with_form(self, name: &str, value: impl fmt::Display) -> Self {
        self.condition(Condition::Form(name.to_owned(), value.to_string()))
    }

    /// Takes only requests for which the closure returns `true`.
    pub fn when(self, holds: impl Fn(&Recorded) -> bool + Send + Sync + 'static) -> Self {
        self.condition(Condition::When(Arc::new(holds)))
    }

    /// Replaces the last reply.
    pub fn reply(self, reply: impl Into<Reply>) -> Self {
        let reply = reply.into();
        self.change(|_| reply)
    }

    /// Replaces all replies. They are given one after the other, and the last is repeated.
    pub fn replies<R: Into<Reply>>(self, replies: impl IntoIterator<Item = R>) -> Self {
        let replies: Vec<Reply> = replies.into_iter().map(Into::into).collect();
        self.edit(|entry| entry.replies = replies)
    }

    /// Adds a reply, which is given after the earlier replies. The methods that follow in the chain change
    /// this reply.
    pub fn then(self, reply: impl Into<Reply>) -> Self {
        let reply = reply.into();
        self.edit(|entry| {
            if entry.replies.is_empty() {
                entry.replies.push(Reply::ok());
            }
            entry.replies.push(reply);
        })
    }

    /// Gives the last reply to this many calls, before the next reply: `status(503).repeat(2).then(Reply::ok())`
    /// fails twice.
    pub fn repeat(self, times: usize) -> Self {
        self.edit(|entry| {
            let last = entry.replies.pop().unwrap_or_else(Reply::ok);
            entry.replies.extend(std::iter::repeat_n(last, times.max(1)));
        })
    }

    /// Replies with the closure's return value for each request.
    pub fn reply_with<R: Into<Reply>>(
        self,
        make: impl Fn(&Recorded) -> R + Send + Sync + 'static,
    ) -> Self {
        self.reply(Reply::with(move |request| make(request).into()))
    }

    /// Gives the last reply this status.
    ///
    /// # Panics
    ///
    /// If it is not between 100 and 999.
    #[track_caller]
    pub fn status(self, status: u16) -> Self {
        let status = Reply::status(status).head.status;
        self.change(|reply| reply.with_status(status.as_u16()))
    }

    /// Gives the last reply a header, as [`Reply::header`] does.
    ///
    /// # Panics
    ///
    /// If the name or the value is not valid in a header.
    #[track_caller]
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.change(|reply| reply.header(name, value))
    }

    /// Gives the last reply this JSON as its body, as [`Reply::with_json`] does.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized.
    #[track_caller]
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = value(body);
        self.change(|reply| reply.with_json(&body))
    }

    /// Gives the last reply this text as its body, as [`Reply::with_text`] does.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.change(|reply| reply.with_text(text))
    }

    /// Gives the last reply these bytes as its body.
    pub fn bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.change(|reply| reply.with_bytes(bytes))
    }

    /// Replies with a problem, as [`Reply::problem`] does.
    ///
    /// # Panics
    ///
    /// If the status is not between 100 and 999, or the problem is neither text nor an object.
    #[track_caller]
    pub fn problem(self, status: u16, problem: &(impl Serialize + ?Sized)) -> Self {
        let reply = Reply::problem(status, problem);
        self.reply(reply)
    }

    /// Fails with an error of this kind, as [`Reply::fault`] does.
    pub fn fault(self, kind: impl Into<ErrorKind>) -> Self {
        self.reply(Reply::fault(kind))
    }

    /// Delays the last reply, on tokio's clock.
    pub fn delay(self, delay: Duration) -> Self {
        self.change(|reply| reply.delay(delay))
    }

    /// Expects exactly one call. The route takes no further calls.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Expects this number of calls: `2`, `2..`, `1..=3`. The route takes no more calls than the maximum.
    pub fn times(self, times: impl Times) -> Self {
        let (least, most) = times.bounds();
        self.edit(|entry| entry.expected = Some(Expected { least, most }))
    }

    /// Expects no call: a request that the route would take fails the test, unless a later route takes it.
    pub fn never(self) -> Self {
        self.times(0)
    }

    /// Expects the calls of this route after those of another route. A route in such an order is expected
    /// once, unless [`times`](Route::times) sets another number.
    ///
    /// ```should_panic
    /// # use backstop::{Error, Request, Session, testing::Script};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let script = Script::new();
    /// let login = script.post("/login");
    /// script.get("/me").after(&login);
    /// // No route of the script can be called now: `POST /login` must be called first.
    /// script.run(Session::shared().fetch(Request::get("https://api.example.com/me"))).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn after(self, other: &Self) -> Self {
        let other = other.index;
        self.edit(|entry| entry.after.push(other))
    }

    /// Returns the requests that this route answered.
    pub fn requests(&self) -> Vec<Recorded> {
        self.script.state().routes[self.index].requests.clone()
    }

    /// Returns the last request that this route answered.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn last(&self) -> Recorded {
        let state = self.script.state();
        let entry = &state.routes[self.index];
        let (last, name) = (entry.requests.last().cloned(), entry.to_string());
        drop(state);
        match last {
            Some(request) => request,
            None => panic!("{name} was not called"),
        }
    }

    /// Returns how often this route was called.
    pub fn calls(&self) -> usize {
        self.script.state().routes[self.index].calls()
    }

    /// Panics unless the route was called this number of times: `2`, `2..`, `1..=3`.
    #[track_caller]
    pub fn assert_calls(&self, times: impl Times) -> &Self {
        let (least, most) = times.bounds();
        let calls = self.calls();
        if calls < least || most.is_some_and(|most| calls > most) {
            let state = self.script.state();
            let name = state.routes[self.index].to_string();
            drop(state);
            panic!("{name} was called {}, expected {}", often(calls), expected(least, most));
        }
        self
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({})", self.script.state().routes[self.index])
    }
}

/// A number of calls in words.
pub(super) fn often(times: usize) -> String {
    match times {
        0 => "0 times".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

/// An expected number of calls in words.
pub(super) fn expected(least: usize, most: Option<usize>) -> String {
    match most {
        Some(most) if most == least => often(least),
        None => format!("at least {}", often(least)),
        Some(most) => format!("between {least} and {most} times"),
    }
}

impl Entry {
    #[track_caller]
    pub(super) fn new(
        method: Option<Method>,
        template: String,
        location: &'static Location<'static>,
    ) -> Self {
        let pattern = match Pattern::parse(&template) {
            Ok(pattern) => pattern,
            Err(mistake) => panic!("the template cannot be read: {mistake}"),
        };
        let criteria = Criteria { method, template, pattern, conditions: Vec::new() };
        Self {
            criteria: Arc::new(criteria),
            replies: Vec::new(),
            requests: Vec::new(),
            expected: None,
            after: Vec::new(),
            location,
        }
    }

    pub(super) fn calls(&self) -> usize {
        self.requests.len()
    }

    /// Counts a request, and returns the reply to it.
    pub(super) fn answer(&mut self, request: &Recorded) -> Reply {
        let at = self.calls().min(self.replies.len().saturating_sub(1));
        self.requests.push(request.clone());
        self.replies.get(at).cloned().unwrap_or_else(Reply::ok)
    }
}

/// The method and the template: `GET /users/{id}`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Criteria { method, template, .. } = &*self.criteria;
        match method {
            Some(method) => write!(f, "{method} {template}"),
            None => write!(f, "any method {template}"),
        }
    }
}

impl Criteria {
    /// The differences between a request and what the route takes. Empty if the route takes it.
    pub(super) fn differences(&self, request: &Recorded) -> Vec<Difference> {
        let mut differences = Vec::new();
        if let Some(method) = &self.method
            && method != request.method()
        {
            differences.push(Difference::new(
                2,
                format!(
                    "the method: the route is for {method}, the request is {}",
                    request.method()
                ),
            ));
        }
        let (values, of_url) = self.pattern.compare(request);
        differences.extend(of_url);
        let values = values.unwrap_or_default();
        for condition in &self.conditions {
            let found = condition.differences(request, &values);
            differences.extend(found.into_iter().map(|text| Difference::new(1, text)));
        }
        differences
    }
}

impl Condition {
    fn differences(&self, request: &Recorded, values: &Values) -> Vec<String> {
        let one = |text: Option<String>| text.into_iter().collect();
        match self {
            // If the path has another form, that difference is reported already.
            Self::Path(name, value) => one(values
                .iter()
                .find(|(found, text)| found == name && text != value)
                .map(|(_, text)| format!("the path: `{{{name}}}` is `{text}`, not `{value}`"))),
            Self::Query(name, value) => one(request.query_difference(name, value)),
            Self::AnyQuery(name) => one(request
                .query(name)
                .is_none()
                .then(|| format!("the query: `{name}` is missing"))),
            Self::NoQuery(name) => one(request
                .query(name)
                .map(|value| format!("the query: it must not have `{name}={value}`"))),
            Self::Header(name, value) => one(request.header_difference(name, value)),
            Self::AnyHeader(name) => one((!request.headers().contains_key(name))
                .then(|| format!("header `{name}`: it is missing"))),
            Self::NoHeader(name) => one(request
                .headers()
                .contains_key(name)
                .then(|| format!("header `{name}`: it must not be there"))),
            Self::Json(expected) => of_json(request, |body| json::diff(expected, body)),
            Self::JsonPart(expected) => of_json(request, |body| json::diff_part(expected, body)),
            Self::JsonAt(path, expected) => {
                of_json(request, |body| json_differences_at(body, path, expected))
            }
            Self::Body(expected) => one((request.body() != expected).then(|| {
                let expected = String::from_utf8_lossy(expected);
                format!("the body: it is {:?}, and not {expected:?}", request.text())
            })),
            Self::Form(name, value) => {
                let form = request.form().into_iter().filter(|(found, _)| found == name);
                let found: Vec<String> = form.map(|(_, value)| value).collect();
                one(match found.is_empty() {
                    _ if found.contains(value) => None,
                    false => {
                        let found = found.join("`, `");
                        Some(format!("the form: `{name}` is `{found}`, not `{value}`"))
                    }
                    true => Some(format!("the form: `{name}` is missing, expected `{value}`")),
                })
            }
            Self::When(holds) => {
                one((!holds(request)).then(|| "the closure of `when` is false".to_owned()))
            }
        }
    }
}

fn of_json(request: &Recorded, differences: impl FnOnce(&Value) -> Vec<String>) -> Vec<String> {
    match serde_json::from_slice(request.body()) {
        Ok(body) => {
            differences(&body).into_iter().map(|line| format!("the JSON: {line}")).collect()
        }
        Err(error) => vec![format!("the body is not JSON: {error}")],
    }
}
