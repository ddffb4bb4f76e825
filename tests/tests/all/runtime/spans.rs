//! The spans of a call: with a subscriber of the tests, and through OpenTelemetry's SDK with an exporter in
//! memory.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use backstop::{Error, Pages, Request, Retry, Session, request};
use backstop_tests::{Answer, Server};
use opentelemetry::{
    Value,
    trace::{SpanId, SpanKind, Status, TracerProvider as _},
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing::{
    Instrument as _, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber as _,
    span,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{
    Registry,
    layer::{Context, Layer, SubscriberExt as _},
    registry::LookupSpan,
};

use crate::support::{TRANSPORTS, fetch_with, session, session_over};

/// Records each event under the names of its spans.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

/// The `otel.name` of a span, or else its name.
struct Name(String);

#[derive(Default)]
struct Text {
    message: String,
    name: Option<String>,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "otel.name" {
            self.name = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Events {
    fn on_new_span(
        &self,
        attributes: &span::Attributes<'_>,
        id: &span::Id,
        context: Context<'_, S>,
    ) {
        let mut text = Text::default();
        attributes.record(&mut text);
        let span = context.span(id).expect("the new span");
        let name = text.name.unwrap_or_else(|| span.name().to_owned());
        span.extensions_mut().insert(Name(name));
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "backstop" {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let scope = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
        let spans: Vec<_> = scope
            .filter_map(|span| span.extensions().get::<Name>().map(|name| name.0.clone()))
            .collect();
        let note = format!("{} | {} {}", spans.join(" > "), event.metadata().level(), text.message);
        self.0.lock().expect("no panic").push(note);
    }
}

/// Runs a future under a subscriber that records events.
async fn events_of<F: Future>(future: F) -> (F::Output, Vec<String>) {
    let events = Events::default();
    let output = future.with_subscriber(Registry::default().with(events.clone())).await;
    (output, events.take())
}

fn at(server: &Server) -> Session {
    session(|builder| builder.base_url(server.url()))
}

#[tokio::test]
async fn retries_and_redirects_are_events_in_the_spans_of_the_call() {
    for transport in TRANSPORTS {
        let answered = Mutex::new(0);
        let server = Server::start(move |asked| {
            *answered.lock().expect("no panic") += 1;
            match (asked.path(), *answered.lock().expect("no panic")) {
                ("/users/7", _) => Answer::redirect(302, "/b?key=secret"),
                (_, 2) => Answer::new(503, ""),
                _ => Answer::new(200, ""),
            }
        });
        let session = session_over(transport, |builder| builder.base_url(server.url()));
        let retry = Retry::times(1).backoff(Duration::ZERO..Duration::ZERO);
        let request = Request::get("/users/{id}").path("id", &7).retry(retry);
        let (outcome, events) = events_of(fetch_with(&session, request)).await;
        outcome.expect("the second attempt");
        let call = "GET /users/{id}";
        let url = format!("{}/b?key=REDACTED", server.url());
        assert_eq!(
            events,
            [
                format!("{call} > attempt | DEBUG redirect"),
                format!("{call} | WARN retry: GET {url}: 503 Service Unavailable"),
                format!("{call} > attempt | DEBUG redirect"),
            ],
            "{transport:?}"
        );
    }
}

#[request(get = "/a", session = session, on_error = log, fallback = 0)]
async fn logging(session: &Session) -> u8;

#[tokio::test]
async fn log_writes_within_the_span_of_the_call() {
    let server = Server::always(Answer::new(404, ""));
    let (_, events) = events_of(logging(&at(&server))).await;
    assert_eq!(events, [format!("GET /a | ERROR GET {}/a: 404 Not Found", server.url())]);
}

#[request(get = "/list", session = session)]
async fn list(session: &Session) -> Result<Pages<Vec<u8>>, Error>;

#[tokio::test]
async fn a_prefetched_page_is_in_the_span_of_its_reader() {
    for is_ahead in [false, true] {
        let server = Server::start(|asked| match asked.target.as_str() {
            "/list" => Answer::json("[1]").header("link", "</list?page=2>; rel=\"next\""),
            _ => Answer::json("[2]"),
        });
        let session = at(&server);
        let read = async {
            let mut pages = list(&session).await.expect("200").prefetch(is_ahead);
            let caller = tracing::info_span!(target: "backstop", "caller");
            let read = async {
                let first = pages.page().await.expect("200");
                (first, pages.page().await.expect("200"))
            };
            read.instrument(caller).await
        };
        let (read, spans) = exported_of(read).await;
        assert_eq!(read, (Some(vec![1]), Some(vec![2])), "ahead: {is_ahead}");
        let mut calls = named(&spans, "GET /list");
        calls.retain(|span| span.span_kind == SpanKind::Internal);
        let caller = named(&spans, "caller");
        let parents: Vec<_> = calls.iter().map(|call| call.parent_span_id).collect();
        let caller = caller.first().expect("the span of the caller").span_context.span_id();
        assert_eq!(parents, [SpanId::INVALID, caller], "ahead: {is_ahead}");
    }
}

#[tokio::test]
async fn a_cancelled_call_has_an_event() {
    let server = Server::always(Answer::Stall(Vec::new()));
    let session = at(&server);
    let given_up = async {
        let call = session.fetch(Request::get("/"));
        tokio::time::timeout(Duration::from_millis(100), call).await.is_err()
    };
    let (is_given_up, events) = events_of(given_up).await;
    assert!(is_given_up);
    assert_eq!(events, ["GET / | DEBUG cancelled"]);
}

/// The spans of a future that OpenTelemetry's SDK exports.
async fn exported_of<F: Future>(future: F) -> (F::Output, Vec<SpanData>) {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tests"));
    let output = future.with_subscriber(Registry::default().with(layer)).await;
    provider.force_flush().expect("flushed");
    (output, exporter.get_finished_spans().expect("spans"))
}

fn named<'a>(spans: &'a [SpanData], name: &str) -> Vec<&'a SpanData> {
    let mut named: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    named.sort_by_key(|span| span.start_time);
    named
}

/// The attributes of a span that the conventions or this crate define. Each has one value.
fn attributes(span: &SpanData) -> BTreeMap<String, Value> {
    const ROOTS: [&str; 6] = ["http.", "url.", "server.", "network.", "error.", "backstop."];
    let mut found = BTreeMap::new();
    for attribute in &span.attributes {
        let key = attribute.key.as_str();
        if ROOTS.iter().any(|root| key.starts_with(root)) {
            let before = found.insert(key.to_owned(), attribute.value.clone());
            assert!(before.is_none(), "{key} is recorded twice");
        }
    }
    found
}

fn expected<const N: usize>(pairs: [(&str, Value); N]) -> BTreeMap<String, Value> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn is_error(span: &SpanData) -> bool {
    matches!(span.status, Status::Error { .. })
}

#[tokio::test]
async fn exported_attributes_have_the_names_and_types_of_the_conventions() {
    for transport in TRANSPORTS {
        let server = Server::always(Answer::new(200, "body"));
        let port: i64 = server.url().rsplit(':').next().expect("a port").parse().expect("one");
        let session = session_over(transport, |builder| builder.base_url(server.url()));
        let request = Request::get("/users/{id}?key={key}").path("id", &7);
        let request = request.query_param("key", "secret").bearer_auth("s3cr3t");
        let (outcome, spans) = exported_of(fetch_with(&session, request)).await;
        outcome.expect("a response");
        assert_eq!(spans.len(), 3, "a call, an attempt and a hop: {transport:?}");
        let name = "GET /users/{id}?key={key}";
        let named = named(&spans, name);
        let [call, hop] = named[..] else { panic!("{spans:#?}") };
        assert_eq!((&call.span_kind, &hop.span_kind), (&SpanKind::Internal, &SpanKind::Client));
        let url = format!("{}/users/7?key=REDACTED", server.url());
        assert_eq!(
            attributes(hop),
            expected([
                ("http.request.method", "GET".into()),
                ("http.response.status_code", Value::I64(200)),
                ("network.protocol.version", "1.1".into()),
                ("server.address", "127.0.0.1".into()),
                ("server.port", Value::I64(port)),
                ("url.full", url.into()),
                ("url.scheme", "http".into()),
                ("url.template", "/users/{id}?key={key}".into()),
            ])
        );
        assert_eq!(
            attributes(call),
            expected([
                ("backstop.attempts", Value::I64(1)),
                ("http.request.method", "GET".into()),
                ("http.response.status_code", Value::I64(200)),
                ("server.address", "127.0.0.1".into()),
                ("server.port", Value::I64(port)),
                ("url.template", "/users/{id}?key={key}".into()),
            ])
        );
        for span in &spans {
            assert_eq!(span.status, Status::Unset);
        }
        let attempt = super::spans::named(&spans, "attempt")[0];
        assert_eq!(call.parent_span_id, SpanId::INVALID);
        assert_eq!(attempt.parent_span_id, call.span_context.span_id());
        assert_eq!(hop.parent_span_id, attempt.span_context.span_id());
        assert!(
            !format!("{spans:?}").contains("s3cr3t") && !format!("{spans:?}").contains("=secret")
        );
    }
}

#[tokio::test]
async fn resent_hops_have_a_resend_count_and_an_error_type() {
    let answered = Mutex::new(0);
    let server = Server::start(move |asked| {
        *answered.lock().expect("no panic") += 1;
        match (asked.path(), *answered.lock().expect("no panic")) {
            (_, 1) => Answer::new(503, ""),
            ("/a", _) => Answer::redirect(302, "/b"),
            _ => Answer::new(200, ""),
        }
    });
    let retry = Retry::times(1).backoff(Duration::ZERO..Duration::ZERO);
    let session = at(&server);
    let (outcome, spans) = exported_of(fetch_with(&session, Request::get("/a").retry(retry))).await;
    outcome.expect("the second attempt");
    let mut hops: Vec<_> = spans.iter().filter(|span| span.span_kind == SpanKind::Client).collect();
    hops.sort_by_key(|span| span.start_time);
    let [first, second, third] = hops[..] else { panic!("{spans:#?}") };
    assert_eq!([&first.name, &second.name, &third.name], ["GET /a", "GET /a", "GET"]);
    let get = |span, key: &str| attributes(span).get(key).cloned();
    assert_eq!(get(first, "http.request.resend_count"), None);
    assert_eq!(get(second, "http.request.resend_count"), Some(Value::I64(1)));
    assert_eq!(get(third, "http.request.resend_count"), Some(Value::I64(2)));
    assert_eq!(get(third, "url.template"), None, "the target of a redirect has no template");
    assert_eq!(get(first, "error.type"), Some("503".into()));
    assert!(is_error(first) && !is_error(second) && !is_error(third));
    let attempts = named(&spans, "attempt");
    assert_eq!(attempts.len(), 2);
    assert!(is_error(attempts[0]) && !is_error(attempts[1]));
    // The call succeeded; the retry is an event of the call, and the redirect one of the attempt.
    let call = spans.iter().find(|span| span.parent_span_id == SpanId::INVALID).expect("a call");
    assert!(!is_error(call));
    assert_eq!(get(call, "backstop.attempts"), Some(Value::I64(2)));
    assert!(call.events.iter().any(|event| event.name.starts_with("retry")), "{call:#?}");
    assert!(attempts[1].events.iter().any(|event| event.name == "redirect"));
}

#[tokio::test]
async fn a_failure_without_a_response_has_the_leaf_as_its_type() {
    let server = Server::always(Answer::Close);
    let session = at(&server);
    let (outcome, spans) = exported_of(fetch_with(&session, Request::post("/"))).await;
    outcome.expect_err("closed");
    assert_eq!(spans.len(), 3);
    for span in &spans {
        assert!(is_error(span), "{}", span.name);
        assert_eq!(attributes(span)["error.type"], "disconnected.closed".into());
        assert!(!attributes(span).contains_key("http.response.status_code"));
    }
}

#[tokio::test]
async fn a_body_that_fails_is_the_failure_of_its_hop() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort".to_vec();
    let server = Server::always(Answer::Raw(cut));
    let session = at(&server);
    let (outcome, spans) = exported_of(fetch_with(&session, Request::get("/"))).await;
    outcome.expect_err("cut short");
    for span in &spans {
        assert_eq!(attributes(span)["error.type"], "body.truncated".into());
        assert_eq!(attributes(span)["http.response.status_code"], Value::I64(200));
    }
}

#[tokio::test]
async fn an_unknown_method_is_recorded_as_other() {
    let server = Server::always(Answer::new(200, ""));
    let session = at(&server);
    let (outcome, spans) = exported_of(fetch_with(&session, Request::method("PURGE", "/a"))).await;
    outcome.expect("a response");
    let hop = spans.iter().find(|span| span.span_kind == SpanKind::Client).expect("a hop");
    assert_eq!(hop.name, "HTTP /a");
    assert_eq!(attributes(hop)["http.request.method"], "_OTHER".into());
    assert_eq!(attributes(hop)["http.request.method_original"], "PURGE".into());
}

#[tokio::test]
async fn a_cancelled_call_is_recorded_and_is_no_error() {
    let server = Server::always(Answer::Stall(Vec::new()));
    let session = at(&server);
    let call = tokio::time::timeout(Duration::from_millis(100), session.fetch(Request::get("/")));
    let (outcome, spans) = exported_of(call).await;
    assert!(outcome.is_err());
    assert_eq!(spans.len(), 3);
    for span in &spans {
        assert_eq!(span.status, Status::Unset);
        assert!(!attributes(span).contains_key("error.type"), "{span:#?}");
    }
    let call = spans.iter().find(|span| span.parent_span_id == SpanId::INVALID).expect("a call");
    assert_eq!(attributes(call)["backstop.outcome"], "cancelled".into());
}

#[request(get = "/a", session = session, on_error(_ => recover(1)))]
async fn recovering(session: &Session) -> u8;

#[request(get = "/a", session = session)]
async fn failing(session: &Session) -> Result<u8, Error>;

#[tokio::test]
async fn recoveries_and_fallbacks_are_recorded() {
    let server = Server::always(Answer::new(500, ""));
    let session = at(&server);
    for (outcome, spans) in [
        ("recovered", exported_of(recovering(&session)).await.1),
        ("fallback", exported_of(logging(&session)).await.1),
    ] {
        let call =
            spans.iter().find(|span| span.parent_span_id == SpanId::INVALID).expect("a call");
        assert_eq!(attributes(call)["backstop.outcome"], outcome.into());
        assert_eq!(attributes(call)["error.type"], "500".into());
    }
    let (outcome, spans) = exported_of(failing(&session)).await;
    // The span ends with the function, even if the error is kept.
    assert_eq!(spans.len(), 3);
    outcome.expect_err("500");
}

#[request(get = "/outer", session = session)]
async fn outer(session: &Session, #[response] text: String) -> Result<String, Error> {
    Ok(text + &inner(session).await?)
}

#[request(get = "/inner", session = session)]
async fn inner(session: &Session) -> Result<String, Error>;

#[tokio::test]
async fn calls_are_children_of_the_span_that_they_are_made_in() {
    let server = Server::always(Answer::new(200, "x"));
    let session = at(&server);
    let both = async {
        let spawned = session.clone();
        // A spawned task does not inherit the current span.
        let task = tokio::spawn(
            async move { inner(&spawned).await.expect("a response") }
                .instrument(tracing::info_span!("task"))
                .with_current_subscriber(),
        );
        task.await.expect("no panic");
        outer(&session).await.expect("a response");
    };
    // The span must be created under the subscriber.
    let mine = async { both.instrument(tracing::info_span!("mine")).await };
    let ((), spans) = exported_of(mine).await;
    let one = |name: &str, parent: &str| {
        let parent = named(&spans, parent)[0].span_context.span_id();
        let mut children = named(&spans, name).into_iter();
        let child = children
            .find(|span| span.parent_span_id == parent && span.span_kind == SpanKind::Internal);
        assert!(child.is_some(), "{name} is not a child of {parent:?}: {spans:#?}");
    };
    one("task", "mine");
    one("GET /inner", "task");
    one("GET /outer", "mine");
    // Calls in the body of a function are children of the function's call.
    one("GET /inner", "GET /outer");
    // All spans belong to one trace.
    let trace = spans[0].span_context.trace_id();
    assert!(spans.iter().all(|span| span.span_context.trace_id() == trace));
}

#[tokio::test]
async fn a_hook_can_send_the_context_of_its_hop_s_span() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        builder.base_url(server.url()).prepare(|hop| {
            use opentelemetry::trace::TraceContextExt as _;

            let context = tracing::Span::current().context();
            let span = context.span();
            let span = span.span_context();
            let flags = span.trace_flags().to_u8();
            let text = format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id());
            hop.set_header("traceparent", text)
        })
    });
    let (outcome, spans) = exported_of(fetch_with(&session, Request::get("/"))).await;
    outcome.expect("a response");
    let hop = spans.iter().find(|span| span.span_kind == SpanKind::Client).expect("a hop");
    let (trace, id) = (hop.span_context.trace_id(), hop.span_context.span_id());
    assert_eq!(server.last().header("traceparent"), format!("00-{trace}-{id}-01"));
}

#[request(post = "/first", session = session, on_error = log, fallback = 0)]
async fn chained(session: &Session) -> usize {
    tokio::task::yield_now().await;
    inner(session).await.map(|text| text.len()).unwrap_or(1)
}

#[tokio::test]
async fn the_body_of_a_function_runs_in_the_span_of_its_call() {
    let server = Server::always(Answer::new(200, "x"));
    let session = at(&server);
    for mine in [false, true] {
        let (length, spans) = exported_of(async {
            match mine {
                true => chained(&session).instrument(tracing::info_span!("mine")).await,
                false => chained(&session).await,
            }
        })
        .await;
        assert_eq!(length, 1);
        let calls = named(&spans, "POST /first");
        let call = calls.iter().find(|span| span.span_kind == SpanKind::Internal).expect("a call");
        let inner = named(&spans, "GET /inner");
        let inner = inner.iter().find(|span| span.span_kind == SpanKind::Internal).expect("a call");
        assert_eq!(inner.parent_span_id, call.span_context.span_id());
        assert!(call.end_time >= inner.end_time, "it is open until the body ends");
        assert!(!is_error(call));
    }
}

#[request(get = "/a", session = session)]
async fn number(session: &Session) -> Result<u8, Error>;

#[request(get = "/a", session = session, on_error = log)]
async fn logged_number(session: &Session) -> Result<u8, Error>;

#[tokio::test]
async fn a_response_that_cannot_be_read_is_the_failure_of_the_call_s_span() {
    let server = Server::always(Answer::json("\"seven\""));
    let session = at(&server);
    for (outcome, spans) in
        [exported_of(number(&session)).await, exported_of(logged_number(&session)).await]
    {
        outcome.expect_err("text");
        assert_eq!(spans.len(), 3);
        let call =
            spans.iter().find(|span| span.parent_span_id == SpanId::INVALID).expect("a call");
        assert!(is_error(call));
        assert_eq!(attributes(call)["error.type"], "decode.shape".into());
        assert_eq!(attributes(call)["http.response.status_code"], Value::I64(200));
        let hop = spans.iter().find(|span| span.span_kind == SpanKind::Client).expect("a hop");
        assert!(!is_error(hop), "the request on the wire did not fail");
    }
}
