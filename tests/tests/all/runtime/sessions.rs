//! Sessions: one for many runtimes, their settings, and other clients as their transport.

use std::{
    future::{Ready, poll_fn, ready},
    pin::Pin,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

use backstop::{
    BuildError, DisconnectedError, ErrorKind, Request, Sent, Session, SessionBuilder, TimeoutError,
    reqwest,
};
use backstop_tests::{Answer, Echo, Server};
use tower_service::Service;

use crate::support::{bounded, fetch_with, session};

fn small_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A `static` session under `#[tokio::test]`: runtimes start and end on many threads.
#[test]
fn a_static_session_serves_many_short_runtimes() {
    static SHARED: LazyLock<Session> = LazyLock::new(|| session(|builder| builder));
    let server = Server::always(Answer::new(200, "ok"));
    let failed = AtomicUsize::new(0);
    // The connections of a runtime that is alive but not running must not be used.
    let idle = small_runtime();
    idle.block_on(fetch_with(&SHARED, Request::get(server.url()))).expect("200");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let fetched =
                        small_runtime().block_on(fetch_with(&SHARED, Request::get(server.url())));
                    if fetched.is_err() {
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(failed.load(Ordering::Relaxed), 0);
    idle.block_on(fetch_with(&SHARED, Request::get(server.url()))).expect("200");
    assert_eq!(format!("{:?}", *SHARED).matches("Direct(1)").count(), 1, "{:?}", *SHARED);
}

#[test]
fn the_debug_output_of_a_session_names_its_transport() {
    let shown = |builder: SessionBuilder| format!("{:?}", builder.build().expect("a session"));
    assert!(shown(Session::builder()).contains("transport: Direct(0)"));
    assert!(shown(Session::builder().use_reqwest(true)).contains("transport: Reqwest(0)"));
    let configured = Session::builder().configure(|client| client.user_agent("a test"));
    assert!(shown(configured).contains("transport: Reqwest(0)"));
}

/// A connection of the user's own client belongs to a runtime, and ends with it.
#[test]
fn the_connections_of_a_runtime_end_with_it() {
    let server = Server::start(|asked| match asked.path() {
        "/stall" => Answer::Stall(Vec::new()),
        _ => Answer::new(200, "ok"),
    });
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let session = Session::from(client);
    let get = |path| Request::get("{base}/{path}").base("base", &server.url()).path("path", path);
    let first =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let error = small_runtime().block_on(bounded(async {
        let call = loop {
            first.spawn(session.fetch(get(&"warm"))).await.expect("no panic").expect("200");
            let (asked, connections) = (server.asked().len(), server.connections());
            let mut call = Box::pin(session.fetch(get(&"stall")));
            // Once the server has the request, the connection has it too.
            poll_fn(|context| {
                assert!(call.as_mut().poll(context).is_pending(), "nobody answers");
                context.waker().wake_by_ref();
                match server.asked().len() > asked {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            })
            .await;
            // A second connection was opened if the first one was not idle yet.
            if server.connections() == connections {
                break call;
            }
        };
        first.shutdown_background();
        call.await.expect_err("nobody answers")
    }));
    assert_eq!(error.kind(), ErrorKind::Disconnected(DisconnectedError::Runtime), "{error:#}");
    assert_eq!(error.sent(), Sent::Maybe);
}

#[tokio::test]
async fn connections_are_kept_and_reused() {
    let server = Server::always(Answer::new(200, "ok"));
    let session = session(|builder| builder);
    for _ in 0..5 {
        fetch_with(&session, Request::get(server.url())).await.expect("200");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_session_for_each_call_leaves_no_task() {
    let server = Server::always(Answer::new(200, "ok"));
    for _ in 0..20 {
        fetch_with(&Session::new(), Request::get(server.url())).await.expect("200");
    }
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    bounded(async {
        while alive() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn a_call_without_a_runtime_is_a_build_error() {
    let mut exchange = Box::pin(Session::shared().fetch(Request::get("http://127.0.0.1:9/")));
    let waker = std::task::Waker::noop();
    let Poll::Ready(outcome) = exchange.as_mut().poll(&mut Context::from_waker(waker)) else {
        panic!("it has nothing to wait for");
    };
    let error = outcome.expect_err("no runtime");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Session));
}

#[test]
fn the_user_s_client_without_a_runtime_is_a_build_error() {
    let session = Session::from(reqwest::Client::new());
    let mut exchange = Box::pin(session.fetch(Request::get("http://127.0.0.1:9/")));
    let waker = std::task::Waker::noop();
    let Poll::Ready(outcome) = exchange.as_mut().poll(&mut Context::from_waker(waker)) else {
        panic!("it has nothing to wait for");
    };
    assert_eq!(outcome.expect_err("no runtime").kind(), ErrorKind::Build(BuildError::Session));
}

#[test]
fn a_session_shows_no_secret() {
    let mut headers = backstop::HeaderMap::new();
    headers.insert("x-api-key", "hunter2".parse().expect("a value"));
    let client = reqwest::Client::builder().default_headers(headers).build().expect("a client");
    for session in [
        Session::from(client),
        session(|builder| {
            builder.base_url("http://me:hunter2@host/").header("x-api-key", "hunter2")
        }),
    ] {
        let shown = format!("{session:?} {session:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn base_url_credentials_are_sent_only_to_its_origin() {
    let (own, other) = (Server::always(Answer::new(200, "")), Server::always(Answer::new(200, "")));
    let base = own.url().replace("http://", "http://me:pw@");
    let session = session(|builder| builder.base_url(base));
    fetch_with(&session, Request::get("/users")).await.expect("200");
    assert_eq!(own.last().header("authorization"), "Basic bWU6cHc=");
    fetch_with(&session, Request::get(other.url())).await.expect("200");
    assert_eq!(other.last().header("authorization"), "");
}

/// A template with another origin, in its text or in a base argument, sends no secret of the session
/// to it. Secrets that the request sets itself are sent.
#[tokio::test]
async fn secrets_of_a_session_are_sent_only_to_its_base_origin() {
    let (own, other) = (Server::always(Answer::new(200, "")), Server::always(Answer::new(200, "")));
    let session = session(|builder| {
        builder
            .sensitive_header("X-Door")
            .header("authorization", "Bearer secret")
            .header("x-api-key", "secret")
            .header("x-door", "secret")
            .header("x-plain", "plain")
            .base_url(format!("{}/v1", own.url()))
    });
    let names = ["authorization", "x-api-key", "x-door"];
    fetch_with(&session, Request::get("/users")).await.expect("200");
    fetch_with(&session, Request::get(own.url())).await.expect("200");
    for asked in own.asked() {
        assert!(names.iter().all(|name| asked.header(name).contains("secret")), "{asked:?}");
    }
    for request in [
        Request::get(other.url()),
        Request::get("{base}/users").base("base", &other.url()),
        Request::get(other.url().replace("127.0.0.1", "localhost")),
    ] {
        fetch_with(&session, request).await.expect("200");
        let asked = other.last();
        assert!(names.iter().all(|name| asked.header(name).is_empty()), "{asked:?}");
        assert_eq!(asked.header("x-plain"), "plain");
    }
    fetch_with(&session, Request::get(other.url()).header("x-api-key", "own")).await.expect("200");
    assert_eq!(other.last().header("x-api-key"), "own");
}

#[test]
fn a_header_named_sensitive_is_treated_as_a_secret() {
    let error = Session::builder().sensitive_header("no spaces").build().expect_err("no name");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header));
}

/// The timers and the start of a call both use tokio's clock.
#[tokio::test]
async fn advancing_a_paused_clock_expires_no_timer() {
    let server = Server::always(Answer::new(200, ""));
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    tokio::time::resume();
    fetch_with(&session(|builder| builder), Request::get(server.url())).await.expect("200");
}

#[tokio::test]
async fn session_defaults_apply_unless_the_request_overrides_them() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        builder
            .base_url(format!("{}/v1", server.url()))
            .header("x-tenant", "acme")
            .header("x-trace", "1")
    });
    fetch_with(&session, Request::get("/users").header("x-trace", "2")).await.expect("200");
    let asked = server.last();
    assert_eq!(asked.target, "/v1/users");
    assert_eq!((asked.header("x-tenant"), asked.header("x-trace")), ("acme", "2"));
    assert_eq!(asked.headers.get_all("x-trace").iter().count(), 1);
    // A complete URL is not changed.
    fetch_with(&session, Request::get(format!("{}/other", server.url()))).await.expect("200");
    assert_eq!(server.last().target, "/other");
}

#[test]
fn an_invalid_session_is_a_build_error() {
    for builder in
        [Session::builder().base_url("not a url"), Session::builder().base_url("ftp://host/")]
    {
        assert_eq!(builder.build().expect_err("no URL").kind(), ErrorKind::Build(BuildError::Url));
    }
    let error = Session::builder().header("x", "a\nb").build().expect_err("no header");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header));
}

#[tokio::test]
async fn a_client_that_cannot_be_built_is_a_build_error() {
    let session = session(|builder| builder.configure(|client| client.user_agent("a\nb")));
    let error =
        fetch_with(&session, Request::get("http://127.0.0.1:9/")).await.expect_err("no client");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Session));
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn a_cookie_store_sends_cookies_back() {
    let server = Server::always(Answer::new(200, "").header("set-cookie", "id=7"));
    let forgetful = session(|builder| builder);
    let keeping = session(|builder| builder.cookie_store(true));
    for (session, cookie) in [(&forgetful, ""), (&keeping, "id=7")] {
        fetch_with(session, Request::get(server.url())).await.expect("200");
        fetch_with(session, Request::get(server.url())).await.expect("200");
        assert_eq!(server.last().header("cookie"), cookie);
    }
}

#[tokio::test]
async fn a_session_sends_through_the_user_s_client() {
    let server = Server::always(Answer::new(200, ""));
    let client =
        reqwest::Client::builder().no_proxy().user_agent("mine").build().expect("a client");
    fetch_with(&Session::from(client), Request::get(server.url())).await.expect("200");
    assert_eq!(server.last().header("user-agent"), "mine");
}

/// A service that fails, before or after it received the request.
#[derive(Clone)]
struct Refusing {
    ready: bool,
}

impl Service<reqwest::Request> for Refusing {
    type Response = reqwest::Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Ready<Result<reqwest::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(if self.ready { Ok(()) } else { Err("the breaker is open".into()) })
    }

    fn call(&mut self, _: reqwest::Request) -> Self::Future {
        ready(Err("lost in the stack".into()))
    }
}

#[tokio::test]
async fn a_session_sends_through_a_tower_service() {
    let session = Session::builder().service(Echo).build().expect("a session");
    let response = fetch_with(&session, Request::get("http://host/a")).await.expect("200");
    assert_eq!(response.text().expect("text"), "GET http://host/a");

    for (ready, leaf, sent) in [
        (false, DisconnectedError::Unsent, Sent::No),
        (true, DisconnectedError::Closed, Sent::Maybe),
    ] {
        let session = Session::builder().service(Refusing { ready }).build().expect("a session");
        let error = fetch_with(&session, Request::get("http://host/a")).await.expect_err("refused");
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Disconnected(leaf), sent),
            "{error:#}"
        );
    }
}

/// A service that fails with an error of this crate, or never answers.
#[derive(Clone)]
struct Ours {
    error: Option<backstop::Error>,
    ready: bool,
}

impl Service<reqwest::Request> for Ours {
    type Response = reqwest::Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<reqwest::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match (&self.error, self.ready) {
            (Some(error), false) => Poll::Ready(Err(error.clone().into())),
            (None, false) => Poll::Pending,
            (_, true) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, _: reqwest::Request) -> Self::Future {
        match self.error.clone() {
            Some(error) => Box::pin(async move { Err(std::io::Error::other(error).into()) }),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// The error of a layer is kept; tower's `Elapsed` is a timeout, and `Overloaded` is not a server error.
#[tokio::test]
async fn errors_of_tower_layers_are_classified() {
    async fn failure<S>(service: S) -> backstop::Error
    where
        S: Service<reqwest::Request, Response = reqwest::Response> + Clone + Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        S::Future: Send,
    {
        let session = Session::builder().service(service).build().expect("a session");
        fetch_with(&session, Request::post("http://host/a")).await.expect_err("refused")
    }

    let short = std::time::Duration::from_millis(1);
    let never = Ours { error: None, ready: true };
    let error = failure(tower::timeout::Timeout::new(never, short)).await;
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Attempt), "{error:#}");
    assert_eq!(error.sent(), Sent::Maybe);

    let full = Ours { error: None, ready: false };
    let error = failure(tower::load_shed::LoadShed::new(full)).await;
    assert_eq!(error.kind(), ErrorKind::Disconnected(DisconnectedError::Unsent), "{error:#}");
    assert_eq!(error.sent(), Sent::No);
    assert!(error.to_string().contains("overloaded"), "{error}");

    for kind in [
        ErrorKind::Build(BuildError::Header),
        ErrorKind::Connect(backstop::ConnectError::Refused),
        ErrorKind::Timeout(TimeoutError::Total),
        ErrorKind::Status(503),
    ] {
        let own = backstop::Error::new(kind);
        for ready in [true, false] {
            let error = failure(Ours { error: Some(own.clone()), ready }).await;
            assert_eq!((error.kind(), error.sent()), (kind, own.sent()), "{ready}: {error:#}");
        }
    }
}

#[test]
fn settings_that_a_client_would_ignore_are_refused() {
    let client = || reqwest::Client::builder().no_proxy().build().expect("a client");
    let proxy = "http://127.0.0.1:1";
    for (builder, setting) in [
        (Session::builder().client(client()).proxy(proxy), "`proxy`"),
        (Session::builder().proxy(proxy).client(client()), "`proxy`"),
        (Session::builder().client(client()).configure(|client| client), "`configure`"),
        (Session::builder().client(client()).cookie_store(true), "`cookie_store`"),
        (
            Session::builder().client(client()).http2_prior_knowledge(true),
            "`http2_prior_knowledge`",
        ),
        (Session::builder().client(client()).connect_timeout(None), "`connect_timeout`"),
        (Session::builder().client(client()).pool_idle_timeout(None), "`pool_idle_timeout`"),
        (Session::builder().service(Echo).connect_timeout(Duration::ZERO), "`connect_timeout`"),
        (Session::builder().service(Echo).proxy(proxy), "`proxy`"),
        (Session::builder().configure(|client| client).service(Echo), "`configure`"),
    ] {
        let error = builder.build().expect_err(setting);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Session));
        assert!(error.to_string().contains(setting), "{error}");
    }
    Session::builder().client(client()).no_proxy().build().expect("nothing is asked for");
    Session::builder().client(client()).cookie_store(false).build().expect("nothing is asked for");
}

/// A request in a thread-local destructor, when other thread-locals are already destroyed.
#[test]
fn a_call_in_a_thread_local_destructor_is_an_error() {
    struct LastWords(std::sync::mpsc::Sender<ErrorKind>);

    impl Drop for LastWords {
        fn drop(&mut self) {
            let mut call = Box::pin(Session::shared().fetch(Request::get("http://127.0.0.1:9/")));
            let polled = call.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
            if let Poll::Ready(Err(error)) = polled {
                let _ = self.0.send(error.kind());
            }
        }
    }

    thread_local! {
        static LAST: std::cell::RefCell<Option<LastWords>> = const { std::cell::RefCell::new(None) };
    }

    // tokio's clock uses a thread-local once it was paused anywhere.
    small_runtime().block_on(async { tokio::time::pause() });
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        // It is registered before the thread-locals of the call, and so dropped after them.
        LAST.with_borrow_mut(|last| *last = Some(LastWords(sender)));
        let mut call = Box::pin(Session::shared().fetch(Request::get("http://127.0.0.1:9/")));
        assert!(call.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_ready());
    })
    .join()
    .expect("no panic");
    assert_eq!(receiver.recv().expect("last words"), ErrorKind::Build(BuildError::Session));
}

#[tokio::test]
async fn errors_within_those_of_a_service_keep_their_kind() {
    /// Wraps the client's errors, as middleware does.
    #[derive(Clone)]
    struct Wrapping(reqwest::Client);

    #[derive(Debug)]
    struct Wrapped(reqwest::Error);

    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "the stack: {}", self.0)
        }
    }

    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    impl Service<reqwest::Request> for Wrapping {
        type Response = reqwest::Response;
        type Error = Wrapped;
        type Future =
            std::pin::Pin<Box<dyn Future<Output = Result<reqwest::Response, Wrapped>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Wrapped>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: reqwest::Request) -> Self::Future {
            let sending = self.0.execute(request);
            Box::pin(async { sending.await.map_err(Wrapped) })
        }
    }

    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let session = Session::builder().service(Wrapping(client)).build().expect("a session");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/?key=secret", listener.local_addr().expect("an address"));
    drop(listener);
    let error = fetch_with(&session, Request::get(url)).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Connect(backstop::ConnectError::Refused));
    assert_eq!(error.sent(), Sent::Maybe, "the layers may have sent the request before");
    let shown = format!("{error:#} {error:?}");
    assert!(shown.contains("the stack") && !shown.contains("secret"), "{shown}");
}
