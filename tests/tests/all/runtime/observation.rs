//! Observation of calls: by observers, by a `tracing` subscriber, and by metrics.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use backstop::{
    DecodeError, Error, ErrorKind, Events, FromResponse, Hop, Json, Observer, Request, Response,
    Session, SessionBuilder,
    credentials::{Bearer, Token},
    observe::{AttemptReport, CallReport, RecoveryReport, RetryReport, Target},
    request,
};
use backstop_tests::{Answer, Server};

use crate::support::{TRANSPORTS, fetch_with, session, session_over};

/// Records the calls of its methods.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().expect("no panic").push(note);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

fn end(status: Option<backstop::StatusCode>, error: Option<&Error>, cancelled: bool) -> String {
    match (error, cancelled) {
        (Some(error), _) => error.kind().name().into_owned(),
        (None, true) => "cancelled".to_owned(),
        (None, false) => format!("ok {}", status.expect("a status").as_u16()),
    }
}

impl Observer for Notes {
    fn started(&self, call: &Target) {
        self.add(format!("started {} {:?}", call.method(), call.template()));
    }

    fn attempt(&self, attempt: &AttemptReport<'_>) {
        let end = end(attempt.status(), attempt.error(), attempt.is_cancelled());
        self.add(format!("attempt {} {end}", attempt.number()));
    }

    fn retry(&self, retry: &RetryReport<'_>) {
        self.add(format!(
            "retry after {} {}",
            retry.error().attempts(),
            retry.error().kind().name()
        ));
    }

    fn call(&self, call: &CallReport<'_>) {
        let end = end(call.status(), call.error(), call.is_cancelled());
        self.add(format!("call {} {end}", call.attempts()));
        if let Some(error) = call.error() {
            assert_eq!(error.method(), Some(call.target().method()));
        }
    }

    fn recovered(&self, recovery: &RecoveryReport<'_>) {
        let how = if recovery.is_fallback() { "fell back" } else { "recovered" };
        self.add(format!("{how} from {}", recovery.error().kind().name()));
    }
}

fn observed(server: &Server) -> (Arc<Notes>, Session) {
    let notes = Arc::new(Notes::default());
    let session = session(|builder| builder.base_url(server.url()).observer(Arc::clone(&notes)));
    (notes, session)
}

#[tokio::test]
async fn each_attempt_of_a_retried_call_is_observed() {
    for transport in TRANSPORTS {
        let count = Mutex::new(0);
        let server = Server::start(move |_| {
            *count.lock().expect("no panic") += 1;
            match *count.lock().expect("no panic") {
                1 => Answer::new(503, ""),
                2 => Answer::Close,
                _ => Answer::new(200, "body"),
            }
        });
        let notes = Arc::new(Notes::default());
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).observer(Arc::clone(&notes))
        });
        let request = Request::get("/users/{id}").path("id", &7);
        let request =
            request.retry(backstop::Retry::times(2).backoff(Duration::ZERO..Duration::ZERO));
        fetch_with(&session, request).await.expect("the third");
        assert_eq!(
            notes.take(),
            [
                "started GET Some(\"/users/{id}\")",
                "attempt 1 503",
                "retry after 1 503",
                "attempt 2 disconnected.closed",
                "retry after 2 disconnected.closed",
                "attempt 3 ok 200",
                "call 3 ok 200",
            ],
            "{transport:?}"
        );
    }
}

#[tokio::test]
async fn a_cancelled_call_is_observed_once() {
    let server = Server::always(Answer::Stall(Vec::new()));
    let (notes, session) = observed(&server);
    let call = session.fetch(Request::get("/"));
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    let told = ["started GET Some(\"/\")", "attempt 1 cancelled", "call 1 cancelled"];
    assert_eq!(notes.take(), told);
    // A call that was never polled has not begun.
    drop(session.fetch(Request::get("/")));
    assert!(notes.take().is_empty());
}

#[tokio::test]
async fn a_call_dropped_at_any_stage_is_observed_once() {
    let server = Server::start(|asked| match asked.path() {
        "/head" => Answer::Stall(Vec::new()),
        "/body" => Answer::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfirst".to_vec()),
        "/error" => Answer::Stall(b"HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nfirst".to_vec()),
        "/redirect" => Answer::redirect(302, "/head"),
        "/busy" => Answer::new(503, "").header("retry-after", "9"),
        _ => Answer::new(200, ""),
    });
    // It never accepts a connection, so the TLS handshake does not end.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("https://{}/", silent.local_addr().expect("an address"));
    let plain = |builder: SessionBuilder| builder;
    let waiting_for_credentials = |builder: SessionBuilder| {
        builder.credentials(Bearer::new(std::future::pending::<Result<Token, Error>>))
    };
    let waiting_in_a_layer =
        |builder: SessionBuilder| builder.layer(tower::limit::GlobalConcurrencyLimitLayer::new(0));
    type Set = fn(SessionBuilder) -> SessionBuilder;
    let stages: [(&str, &str, Set); 8] = [
        ("connecting", &silent, plain),
        ("the head", "/head", plain),
        ("the body", "/body", plain),
        ("the body of an error", "/error", plain),
        ("after a redirect", "/redirect", plain),
        ("the wait before a retry", "/busy", |builder| builder.retry(2)),
        ("the credentials", "/", waiting_for_credentials),
        ("a layer", "/", waiting_in_a_layer),
    ];
    for (stage, url, set) in stages {
        for transport in TRANSPORTS {
            let notes = Arc::new(Notes::default());
            let session = session_over(transport, |builder| {
                set(builder.base_url(server.url()).observer(Arc::clone(&notes)))
            });
            let call = session.fetch(Request::get(url.to_owned()));
            let call = tokio::time::timeout(Duration::from_millis(80), call);
            assert!(call.await.is_err(), "{stage} {transport:?}");
            let notes = notes.take();
            let count = |start: &str| notes.iter().filter(|note| note.starts_with(start)).count();
            let told = [count("started"), count("attempt"), count("call 1 cancelled")];
            assert_eq!(told, [1, 1, 1], "{stage} {transport:?}: {notes:?}");
        }
    }
}

#[tokio::test]
async fn a_call_that_panics_is_observed_once() {
    let server = Server::always(Answer::new(200, ""));
    let notes = Arc::new(Notes::default());
    let session = session(|builder| {
        let builder = builder.base_url(server.url()).observer(Arc::clone(&notes));
        builder.prepare(|_| -> Result<(), Error> { panic!("on purpose") })
    });
    let call = tokio::spawn(async move { session.fetch(Request::get("/")).await });
    assert!(call.await.expect_err("it panicked").is_panic());
    assert_eq!(
        notes.take(),
        ["started GET Some(\"/\")", "attempt 1 cancelled", "call 1 cancelled"]
    );
}

#[tokio::test]
async fn a_call_that_cannot_be_built_is_observed() {
    let server = Server::always(Answer::new(200, ""));
    let (notes, session) = observed(&server);
    let request = Request::get("/{id}").path("id", &"..");
    let error = fetch_with(&session, request).await.expect_err("a build error");
    assert!(error.is_build());
    assert_eq!(notes.take(), ["started GET Some(\"/{id}\")", "call 0 build.segment"]);
}

#[tokio::test]
async fn a_url_built_at_run_time_is_not_a_template() {
    let server = Server::always(Answer::new(200, ""));
    let (notes, session) = observed(&server);
    fetch_with(&session, Request::get(format!("/users/{}", 7))).await.expect("a response");
    assert_eq!(notes.take()[0], "started GET None");
}

#[tokio::test]
async fn every_observer_of_a_session_is_called() {
    let server = Server::always(Answer::new(200, ""));
    let (one, two) = (Arc::new(Notes::default()), Arc::new(Notes::default()));
    let session = session(|builder| {
        builder.base_url(server.url()).observer(Arc::clone(&one)).observer(Arc::clone(&two))
    });
    fetch_with(&session, Request::get("/")).await.expect("a response");
    assert_eq!(one.take(), two.take());
}

#[request(get = "/a", session = session, on_error(Status(404) => recover(1)))]
async fn recovering(session: &Session) -> Result<u8, Error>;

#[request(get = "/a", session = session, fallback = 2)]
async fn falling_back(session: &Session) -> u8;

#[tokio::test]
async fn recoveries_and_fallbacks_are_observed() {
    let server = Server::always(Answer::new(404, ""));
    let (notes, session) = observed(&server);
    assert_eq!(recovering(&session).await.expect("recovered"), 1);
    assert_eq!(notes.take().last().expect("a note"), "recovered from 404");
    assert_eq!(falling_back(&session).await, 2);
    assert_eq!(notes.take().last().expect("a note"), "fell back from 404");
}

#[tokio::test]
async fn sizes_and_durations_are_observed() {
    #[derive(Default)]
    struct Sizes(Mutex<Vec<(Option<u64>, Option<u64>)>>);
    impl Observer for Sizes {
        fn attempt(&self, attempt: &AttemptReport<'_>) {
            assert!(attempt.elapsed() > Duration::ZERO);
            let sizes = (attempt.request_body_size(), attempt.response_body_size());
            self.0.lock().expect("no panic").push(sizes);
        }
    }
    let server = Server::always(Answer::new(200, "12345"));
    let sizes = Arc::new(Sizes::default());
    let session = session(|builder| builder.base_url(server.url()).observer(Arc::clone(&sizes)));
    fetch_with(&session, Request::get("/")).await.expect("a response");
    fetch_with(&session, Request::post("/").text("123")).await.expect("a response");
    let stream = reqwest::Body::wrap(reqwest::Body::from("123"));
    fetch_with(&session, Request::post("/").body(stream)).await.expect("a response");
    let streaming = fetch_with(&session, Request::get("/").streaming(true)).await;
    drop(streaming.expect("a response"));
    let told = std::mem::take(&mut *sizes.0.lock().expect("no panic"));
    let expected = [(Some(0), Some(5)), (Some(3), Some(5)), (None, Some(5)), (Some(0), None)];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_metrics_have_the_names_units_and_labels_of_opentelemetry() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start(|asked| match asked.path() {
        "/missing" => Answer::new(404, "none"),
        _ => Answer::new(200, "12345"),
    });
    let session = session(|builder| {
        builder.base_url(server.url()).observer(backstop::observe::Metrics::new())
    });
    let request = Request::get("/users/{id}?key={key}").path("id", &7).query_param("key", "secret");
    fetch_with(&session, request).await.expect("a response");
    fetch_with(&session, Request::post("/missing").text("123")).await.expect_err("none");

    let mut found = Vec::new();
    for (key, unit, _, value) in snapshotter.snapshot().into_vec() {
        let (_, key) = key.into_parts();
        let mut labels: Vec<_> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        labels.sort();
        let value = match value {
            DebugValue::Histogram(values) => {
                let values: Vec<f64> = values.into_iter().map(f64::from).collect();
                format!("{}", if key.name().ends_with("size") { values[0] } else { 0.0 })
            }
            DebugValue::Gauge(value) => value.to_string(),
            DebugValue::Counter(value) => value.to_string(),
        };
        let unit = unit.map_or("-", |unit| unit.as_canonical_label()).to_owned();
        found.push(format!("{} {unit} {value} {}", key.name(), labels.join(" ")));
    }
    found.sort();
    let port = server.url().rsplit(':').next().expect("a port").to_owned();
    let at = format!("server.address=127.0.0.1 server.port={port} url.scheme=http");
    let get = format!("{at} url.template=/users/{{id}}?key={{key}}");
    let post = format!("{at} url.template=/missing");
    let mut expected = vec![
        format!("http.client.active_requests - 0 http.request.method=GET {get}"),
        format!("http.client.active_requests - 0 http.request.method=POST {post}"),
        format!(
            "http.client.request.body.size B 0 http.request.method=GET http.response.status_code=200 {get}"
        ),
        format!(
            "http.client.request.body.size B 3 error.type=404 http.request.method=POST http.response.status_code=404 {post}"
        ),
        format!(
            "http.client.response.body.size B 5 http.request.method=GET http.response.status_code=200 {get}"
        ),
        format!(
            "http.client.response.body.size B 4 error.type=404 http.request.method=POST http.response.status_code=404 {post}"
        ),
        format!(
            "http.client.request.duration s 0 http.request.method=GET http.response.status_code=200 {get}"
        ),
        format!(
            "http.client.request.duration s 0 error.type=404 http.request.method=POST http.response.status_code=404 {post}"
        ),
    ];
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(backstop::observe::Metrics::BUCKETS.len(), 14);
}

#[tokio::test]
async fn unknown_methods_and_dynamic_urls_add_no_metric_series() {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start(|asked| match asked.path().starts_with("/moved") {
        false => Answer::redirect(307, format!("/moved{}", asked.path())),
        true => Answer::new(200, ""),
    });
    let session = session(|builder| {
        builder.base_url(server.url()).observer(backstop::observe::Metrics::new())
    });
    for number in 0..9 {
        let unknown = Request::method(&format!("X{number}"), "/a/{id}").path("id", &number);
        fetch_with(&session, unknown).await.expect("a response");
        let own = Request::get(format!("/b/{number}"));
        fetch_with(&session, own).await.expect("a response");
    }
    // Duration, calls in flight and two sizes: for `_OTHER` with its template, and for GET without one.
    assert_eq!(snapshotter.snapshot().into_vec().len(), 8);
}

#[tokio::test]
async fn each_connection_of_a_stream_of_events_is_a_call() {
    let is_first = Mutex::new(true);
    let server =
        Server::start(move |_| match std::mem::take(&mut *is_first.lock().expect("no panic")) {
            true => Answer::Raw(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry:1\ndata:a\n\n"
                    .to_vec(),
            ),
            false => Answer::new(204, ""),
        });
    let (notes, session) = observed(&server);
    let request = Request::get("/events").reads::<Events<String>>();
    let response = fetch_with(&session, request).await.expect("200");
    let mut events: Events<String> = response.read().expect("events");
    while events.event().await.expect("an event").is_some() {}
    let connection = |status: u16| {
        [
            "started GET Some(\"/events\")".to_owned(),
            format!("attempt 1 ok {status}"),
            format!("call 1 ok {status}"),
        ]
    };
    assert_eq!(notes.take(), [connection(200), connection(204)].concat());
}

#[tokio::test]
async fn a_response_has_its_elapsed_time_and_its_hops() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.path() {
            "/a" => Answer::redirect(302, "/b?key=secret"),
            "/b" => Answer::redirect(307, "/c"),
            _ => Answer::Late(Duration::from_millis(30), Box::new(Answer::new(200, "c"))),
        });
        let session = session_over(transport, |builder| builder.base_url(server.url()));
        let response = fetch_with(&session, Request::get("/a")).await.expect("a response");
        assert!(response.elapsed() >= Duration::from_millis(30));
        let history = response.history();
        let hops: Vec<_> =
            history.iter().map(|hop| (hop.status().as_u16(), hop.url().path())).collect();
        assert_eq!(hops, [(302, "/a"), (307, "/b"), (200, "/c")]);
        assert!(!format!("{history:?}").contains("secret"));
        let response = fetch_with(&session, Request::get("/c")).await.expect("a response");
        assert_eq!(response.history().len(), 1);
    }
}

#[tokio::test]
async fn a_request_can_set_its_redirect_limit_and_its_deadline() {
    let server = Server::start(|asked| match asked.path() {
        "/slow" => Answer::Stall(Vec::new()),
        _ => Answer::redirect(302, "/again"),
    });
    let session = session(|builder| builder.base_url(server.url()));
    let error = fetch_with(&session, Request::get("/").max_redirects(2)).await.expect_err("many");
    assert_eq!(error.kind().name(), "redirect.too_many");
    assert_eq!(server.asked().len(), 3);
    let error = fetch_with(&session, Request::get("/").max_redirects(0)).await.expect_err("none");
    assert_eq!(error.kind(), ErrorKind::Status(302));
    let deadline = backstop::Deadline::after(Duration::from_millis(50));
    let error = fetch_with(&session, Request::get("/slow").deadline(deadline)).await;
    assert_eq!(error.expect_err("late").kind().name(), "timeout.total");
}

#[request(get = "/a", session = session, retry = 1)]
async fn number(session: &Session) -> Result<u64, Error>;

#[request(get = "/a", session = session, on_error(Decode => recover(0)))]
async fn number_or_zero(
    session: &Session,
    #[response] Json(number): Json<u64>,
) -> Result<u64, Error> {
    Ok(number)
}

#[request(get = "/a", session = session)]
async fn number_if_any(session: &Session) -> Result<Option<u64>, Error>;

#[request(get = "/a", session = session)]
async fn only_whether(session: &Session) -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn a_response_that_cannot_be_decoded_is_observed_once_as_a_failure() {
    let server = Server::start(|asked| match asked.header("x-none") {
        "" => Answer::json("\"seven\""),
        _ => Answer::new(204, ""),
    });
    let (notes, session) = observed(&server);
    let told = ["started GET Some(\"/a\")", "attempt 1 ok 200", "call 1 decode.shape"];
    number(&session).await.expect_err("text");
    assert_eq!(notes.take(), told);
    number_or_zero(&session).await.expect("recovered");
    let notes_of = notes.take();
    assert_eq!(
        (&notes_of[..3], &notes_of[3..]),
        (&told.map(String::from)[..], &["recovered from decode.shape".to_owned()][..])
    );
    number_if_any(&session).await.expect_err("text");
    assert_eq!(notes.take(), told);
    // Without the macro: the request declares the type that reads the response.
    let request = Request::get("/a").reads::<Json<u64>>();
    let response = fetch_with(&session, request).await.expect("a response");
    assert_eq!(notes.take().len(), 2, "the call goes on");
    response.read::<Json<u64>>().expect_err("text");
    assert_eq!(notes.take(), ["call 1 decode.shape"]);
}

/// A type that always refuses to read the response.
#[derive(Debug)]
struct Refusing;

impl FromResponse for Refusing {
    fn from_response(response: Response) -> Result<Self, Error> {
        Err(response.error(ErrorKind::Decode(DecodeError::Syntax)))
    }
}

#[request(get = "/a", session = session)]
async fn refusing(session: &Session) -> Result<Refusing, Error>;

#[tokio::test]
async fn every_reader_ends_its_call_once() {
    let server = Server::always(Answer::json("7"));
    let (notes, session) = observed(&server);
    let ended = |notes: Vec<String>| {
        let ends: Vec<_> = notes.into_iter().filter(|note| note.starts_with("call")).collect();
        assert_eq!(ends.len(), 1, "{ends:?}");
        ends.into_iter().next()
    };
    let done = Some("call 1 ok 200".to_owned());
    assert_eq!(number(&session).await.expect("a number"), 7);
    assert_eq!(ended(notes.take()), done);
    assert_eq!(number_or_zero(&session).await.expect("a number"), 7);
    assert_eq!(ended(notes.take()), done);
    assert_eq!(number_if_any(&session).await.expect("a number"), Some(7));
    assert_eq!(ended(notes.take()), done);
    only_whether(&session).await.expect("a response");
    assert_eq!(ended(notes.take()), done);
    refusing(&session).await.expect_err("refused");
    assert_eq!(ended(notes.take()).as_deref(), Some("call 1 decode.syntax"));
    // Without a declared type, the call ends with its response, even if the response is kept.
    let response = fetch_with(&session, Request::get("/a")).await.expect("a response");
    assert_eq!(ended(notes.take()), done);
    response.json::<String>().expect_err("a number");
    drop(response);
    assert!(notes.take().is_empty());
    // A response with a declared type that is dropped without being read.
    let request = Request::get("/a").reads::<String>();
    let response = fetch_with(&session, request).await.expect("a response");
    assert_eq!(notes.take().len(), 2);
    drop(response);
    assert_eq!(ended(notes.take()), done);
}

#[tokio::test]
async fn a_response_without_content_ends_its_call() {
    let server = Server::always(Answer::new(204, ""));
    let (notes, session) = observed(&server);
    assert_eq!(number_if_any(&session).await.expect("none"), None);
    assert_eq!(notes.take().last().map(String::as_str), Some("call 1 ok 204"));
}

#[tokio::test]
async fn the_size_of_an_error_s_body_is_observed() {
    #[derive(Default)]
    struct Sizes(Mutex<Vec<Option<u64>>>);
    impl Observer for Sizes {
        fn attempt(&self, attempt: &AttemptReport<'_>) {
            self.0.lock().expect("no panic").push(attempt.response_body_size());
        }
    }
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.path() {
            "/missing" => Answer::new(404, "no such user"),
            "/long" => Answer::new(500, "x".repeat(100_000)),
            "/cut" => Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort".to_vec()),
            _ => Answer::Close,
        });
        let sizes = Arc::new(Sizes::default());
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).observer(Arc::clone(&sizes))
        });
        for path in ["/missing", "/long", "/cut", "/closed"] {
            fetch_with(&session, Request::get(path)).await.expect_err(path);
        }
        let told = std::mem::take(&mut *sizes.0.lock().expect("no panic"));
        assert_eq!(told, [Some(12), Some(100_000), Some(5), None], "{transport:?}");
    }
}

#[tokio::test]
async fn an_error_has_the_hops_of_its_last_attempt() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match asked.path() {
            "/a" => Answer::redirect(302, "/b?key=secret"),
            "/b" => Answer::redirect(307, "/c"),
            "/c" => Answer::json("{}"),
            "/gone" => Answer::redirect(302, "/closed"),
            "/around" => Answer::redirect(302, "/around"),
            "/missing" => Answer::new(404, ""),
            _ => Answer::Close,
        });
        let session = session_over(transport, |builder| builder.base_url(server.url()).retry(1));
        let hops = |error: &Error| -> Vec<String> {
            let hop = |hop: &Hop| format!("{} {}", hop.status().as_u16(), hop.url().path());
            error.history().iter().map(hop).collect()
        };
        // If the response cannot be decoded, all hops were answered.
        let response = fetch_with(&session, Request::get("/a")).await.expect("a response");
        let error = response.json::<u8>().expect_err("an object");
        assert_eq!(hops(&error), ["302 /a", "307 /b", "200 /c"], "{transport:?}");
        assert!(!format!("{:?}", error.history()).contains("secret"));
        assert_eq!(error.history()[1].url().query(), Some("key=REDACTED"));
        let error = fetch_with(&session, Request::get("/missing")).await.expect_err("missing");
        assert_eq!(hops(&error), ["404 /missing"]);
        // The failed hop was not answered, and the hops of earlier attempts are not included.
        let error = fetch_with(&session, Request::get("/gone")).await.expect_err("closed");
        assert_eq!((error.attempts(), hops(&error)), (2, vec!["302 /gone".to_owned()]));
        let error = fetch_with(&session, Request::get("/closed")).await.expect_err("closed");
        assert!(error.history().is_empty());
        let around = Request::get("/around").max_redirects(2);
        let error = fetch_with(&session, around).await.expect_err("a circle");
        assert_eq!(hops(&error), ["302 /around"; 3]);
    }
}

#[tokio::test]
async fn each_page_is_observed_as_its_own_call() {
    let server = Server::start(|asked| match asked.query() {
        "" => Answer::json("[1]").header("link", "</list?page=2>; rel=\"next\""),
        _ => Answer::json("{}"),
    });
    let (notes, session) = observed(&server);
    let request = Request::get("/list").reads::<backstop::Pages<Vec<u8>>>();
    let response = fetch_with(&session, request).await.expect("a page");
    let mut pages: backstop::Pages<Vec<u8>> = response.read().expect("a page");
    assert_eq!(notes.take().last().map(String::as_str), Some("call 1 ok 200"));
    pages.page().await.expect("the first page");
    pages.page().await.expect_err("an object");
    let told = ["started GET Some(\"/list\")", "attempt 1 ok 200", "call 1 decode.shape"];
    assert_eq!(notes.take(), told);
}
