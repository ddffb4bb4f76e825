//! A script: its routes, the requests it received, and whether both agree.

use std::{
    any::Any,
    fmt,
    future::Future,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use http::Method;

use super::{
    record::{Log, Recording},
    recorded::Recorded,
    reply::Reply,
    report,
    route::{Entry, Route, Turn},
    sender::Scripted,
};
use crate::{
    error::{BuildError, Error},
    transport::{self, Scope, Sender},
};

/// What replaces the client inside a scope of this module.
#[derive(Clone)]
pub(super) enum Current {
    Script(Arc<Shared>),
    Recorder(Arc<Log>),
}

impl Current {
    /// The one of the scope that the current task runs in.
    fn get() -> Option<Arc<Self>> {
        let scope: Arc<dyn Any + Send + Sync> = transport::current_scope()?;
        scope.downcast().ok()
    }

    /// Runs a future in a scope where this replaces the client.
    pub(super) fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> + use<F> {
        transport::scope(Arc::new(self), future)
    }
}

impl Scope for Current {
    fn stand_in(&self, sender: Sender) -> Sender {
        match self {
            // A script replaces the client, beneath the layers of the session.
            Self::Script(script) => {
                let layers = sender.layers();
                let scripted = Scripted::in_place_of(sender, Arc::clone(script));
                Sender::StandIn(Arc::new(scripted), layers)
            }
            // A recorder passes requests on to the session's own sender, layers included.
            Self::Recorder(log) => {
                Sender::StandIn(Arc::new(Recording::new(Arc::clone(log), sender)), None)
            }
        }
    }
}

/// Answers requests without a network: routes by template, and the replies of each.
///
/// A clone is another handle to the same script. Requests sent under [`run`](Script::run), or by a session
/// that was built on the script, are answered by the first route that matches. A request that matches no
/// route fails with an error that says so, and [`verify`](Script::verify) panics.
///
/// When the last handle is dropped, the script verifies itself, unless it was already verified or the thread
/// is panicking. Sessions and routes do not count as handles.
///
/// ```
/// use backstop::{Error, Json, request, testing::Script};
///
/// #[derive(serde::Deserialize)]
/// struct User { name: String }
///
/// #[request(get = "https://api.example.com/users/{id}", on_error(Status(404) => recover(None)))]
/// async fn name(id: u64, #[response] Json(user): Json<User>) -> Result<Option<String>, Error> {
///     Ok(Some(user.name))
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let script = Script::new();
/// script.get("/users/{id}").with_path("id", 7).json(&serde_json::json!({"name": "Ada"})).once();
/// script.get("/users/{id}").status(404);
///
/// assert_eq!(script.run(name(7)).await?.as_deref(), Some("Ada"));
/// assert_eq!(script.run(name(8)).await?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Script(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// Whether the script is verified when this is dropped.
    verifies: bool,
}

/// The state that all handles, sessions and routes of a script share.
#[derive(Default)]
pub(crate) struct Shared(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) routes: Vec<Entry>,
    requests: Vec<Recorded>,
    /// Mistakes found so far, such as a request that no route answers.
    failures: Vec<String>,
    /// Whether all routes must be called in their order.
    in_order: bool,
    was_verified: bool,
}

impl Script {
    /// Creates a script without routes.
    pub fn new() -> Self {
        Self(Arc::new(Handle { shared: Arc::default(), verifies: true }))
    }

    /// Adds a route for GET requests whose URL matches this template. See [`route`](Script::route).
    #[track_caller]
    pub fn get(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::GET), template.into())
    }

    /// Adds a route for POST requests. See [`route`](Script::route).
    #[track_caller]
    pub fn post(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::POST), template.into())
    }

    /// Adds a route for PUT requests. See [`route`](Script::route).
    #[track_caller]
    pub fn put(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::PUT), template.into())
    }

    /// Adds a route for PATCH requests. See [`route`](Script::route).
    #[track_caller]
    pub fn patch(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::PATCH), template.into())
    }

    /// Adds a route for DELETE requests. See [`route`](Script::route).
    #[track_caller]
    pub fn delete(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::DELETE), template.into())
    }

    /// Adds a route for HEAD requests. See [`route`](Script::route).
    #[track_caller]
    pub fn head(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::HEAD), template.into())
    }

    /// Adds a route for OPTIONS requests. See [`route`](Script::route).
    #[track_caller]
    pub fn options(&self, template: impl Into<String>) -> Route {
        self.add(Some(Method::OPTIONS), template.into())
    }

    /// Adds a route for requests with this method whose URL matches this template. The template has the
    /// syntax of the attribute's, and can be the same text.
    ///
    /// A template with a scheme and host is compared with the whole URL. A relative template (`/users/{id}`)
    /// is compared with the path below the session's base URL, or with the whole path on any server.
    /// `{base}/users/{id}` matches every path with this end. A placeholder matches one non-empty segment or a
    /// part of it, and `{*rest}` one segment or more; the names of placeholders need not agree. Query pairs
    /// without a placeholder are required; all other pairs are optional.
    ///
    /// Routes are tried in the order in which they were added. The first that matches, and has calls left,
    /// answers. A route without a reply answers 200 with an empty body.
    ///
    /// # Panics
    ///
    /// If the method or the template is not valid.
    #[track_caller]
    pub fn route(&self, method: impl AsRef<str>, template: impl Into<String>) -> Route {
        let Ok(method) = Method::from_bytes(method.as_ref().as_bytes()) else {
            panic!("`{}` is not a valid method", method.as_ref());
        };
        self.add(Some(method), template.into())
    }

    /// Adds a route for requests with any method. See [`route`](Script::route). `any("/{*rest}")` matches
    /// every request except one with the path `/`.
    #[track_caller]
    pub fn any(&self, template: impl Into<String>) -> Route {
        self.add(None, template.into())
    }

    #[track_caller]
    fn add(&self, method: Option<Method>, template: String) -> Route {
        let entry = Entry::new(method, template, Location::caller());
        let mut state = self.shared().state();
        let index = state.routes.len();
        state.routes.push(entry);
        drop(state);
        Route::new(Arc::clone(self.shared()), index)
    }

    /// Requires that the routes are called in the order in which they are added, both those added so far and
    /// later ones. Each is then expected once, unless it says otherwise. To order only some routes, see
    /// [`Route::after`].
    pub fn in_order(&self) -> &Self {
        self.shared().state().in_order = true;
        self
    }

    /// Runs a future. This script answers every call that is awaited in the future, whichever session makes
    /// the call.
    ///
    /// Everything except the network is real: templates, headers, the session's settings, redirects, retries,
    /// limits and timers. Only this future is affected, so tests can run in parallel and share a `static`
    /// session. A task that the future spawns is not affected: wrap the task's future in
    /// [`scope`](Script::scope).
    pub fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Current::Script(Arc::clone(self.shared())).scope(future)
    }

    /// Same as [`run`](Script::run), under a name that reads well where a task is spawned.
    ///
    /// ```
    /// # use backstop::{Error, Request, Session, testing::Script};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let script = Script::new();
    /// script.get("/health").text("well");
    ///
    /// let health = Request::get("https://api.example.com/health");
    /// let task = tokio::spawn(script.scope(Session::shared().fetch(health)));
    /// assert_eq!(task.await.unwrap().unwrap().text().unwrap(), "well");
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.run(future)
    }

    /// Returns the script that this code runs under, if any: for a helper that spawns tasks. The returned
    /// handle does not verify the script when it is dropped.
    pub fn current() -> Option<Self> {
        match &*Current::get()? {
            Current::Script(shared) => {
                let shared = Arc::clone(shared);
                Some(Self(Arc::new(Handle { shared, verifies: false })))
            }
            Current::Recorder(_) => None,
        }
    }

    /// Returns all requests received so far, including those that no route answered.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared().state().requests.clone()
    }

    /// Returns the last request.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn last(&self) -> Recorded {
        match self.shared().state().requests.last() {
            Some(request) => request.clone(),
            None => panic!("the script received no request"),
        }
    }

    /// Returns the number of requests received so far.
    pub fn calls(&self) -> usize {
        self.shared().state().requests.len()
    }

    /// Panics if a request matched no route, or if a route was called too few times. The message lists every
    /// failure.
    ///
    /// A script is verified when its last handle is dropped. After this method was called, that happens only
    /// if more requests arrive.
    #[track_caller]
    pub fn verify(&self) {
        if let Err(failures) = self.check() {
            panic!("{failures}");
        }
    }

    /// Same as [`verify`](Script::verify), but returns the message: for a test that expects a failure.
    ///
    /// # Errors
    ///
    /// The message with which [`verify`](Script::verify) would panic.
    pub fn check(&self) -> Result<(), String> {
        let mut state = self.shared().state();
        state.was_verified = true;
        state.check()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared().state();
        let routes: Vec<String> = state.routes.iter().map(Entry::to_string).collect();
        f.debug_struct("Script")
            .field("routes", &routes)
            .field("requests", &state.requests.len())
            .finish()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // A second panic would abort the program, and the first one is more useful.
        if !self.verifies || thread::panicking() {
            return;
        }
        let state = self.shared.state();
        if state.was_verified {
            return;
        }
        let checked = state.check();
        drop(state);
        if let Err(failures) = checked {
            panic!("{failures}");
        }
    }
}

impl Shared {
    // No code of the caller runs under the lock, so the state is consistent even after a panic.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the reply to this request. The request is recorded in any case.
    pub(super) fn reply(&self, request: &Recorded) -> Result<Reply, Error> {
        // Routes are matched without the lock, as they may call closures of the test.
        let criteria: Vec<_> =
            self.state().routes.iter().map(|route| Arc::clone(&route.criteria)).collect();
        let differences: Vec<_> =
            criteria.iter().map(|criteria| criteria.differences(request)).collect();
        let mut state = self.state();
        state.requests.push(request.clone());
        state.was_verified = false;
        let matching: Vec<usize> =
            (0..differences.len()).filter(|&at| differences[at].is_empty()).collect();
        for &at in &matching {
            if state.turn(at) == Turn::Now {
                return Ok(state.routes[at].answer(request));
            }
        }
        let failure = match matching.first() {
            Some(&at) => report::out_of_turn(request, &state.routes[at], state.turn(at)),
            None => report::unmatched(request, &state.routes, &differences),
        };
        state.failures.push(failure.clone());
        Err(Error::build(BuildError::Session, failure))
    }
}

impl State {
    /// Whether a route may be called now.
    fn turn(&self, at: usize) -> Turn {
        let route = &self.routes[at];
        if route.calls() >= self.most(at).unwrap_or(usize::MAX) {
            return Turn::Over { most: route.calls() };
        }
        let before: Vec<usize> = match self.in_order {
            true => (0..at).collect(),
            false => route.after.clone(),
        };
        for other in before {
            if self.routes[other].calls() < self.least(other) {
                return Turn::After(self.routes[other].to_string());
            }
        }
        // A route that should follow was called already.
        let is_later = |(other, route): (usize, &Entry)| {
            let follows = if self.in_order { other > at } else { route.after.contains(&at) };
            (follows && route.calls() > 0).then(|| route.to_string())
        };
        match self.routes.iter().enumerate().find_map(is_later) {
            Some(later) => Turn::Before(later),
            None => Turn::Now,
        }
    }

    /// Whether the order of this route matters.
    fn is_ordered(&self, at: usize) -> bool {
        self.in_order
            || !self.routes[at].after.is_empty()
            || self.routes.iter().any(|route| route.after.contains(&at))
    }

    fn least(&self, at: usize) -> usize {
        match self.routes[at].expected {
            Some(expected) => expected.least,
            None => usize::from(self.is_ordered(at)),
        }
    }

    fn most(&self, at: usize) -> Option<usize> {
        match self.routes[at].expected {
            Some(expected) => expected.most,
            None => self.is_ordered(at).then_some(1),
        }
    }

    fn check(&self) -> Result<(), String> {
        let mut failures = self.failures.clone();
        for (at, route) in self.routes.iter().enumerate() {
            let least = self.least(at);
            if route.calls() < least {
                failures.push(report::too_few(route, least, self.most(at)));
            }
        }
        match failures.is_empty() {
            true => Ok(()),
            false => Err(format!("the script failed\n\n{}", failures.join("\n\n"))),
        }
    }
}
