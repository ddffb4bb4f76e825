//! Retries: how often a request arrives, and the error that the caller gets.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use backstop::{
    Body, BuildError, ConnectError, Deadline, DisconnectedError, Error, ErrorKind, HeaderMap,
    Method, Request, Response, Retry, Sent, Session, TimeoutError, reqwest,
};
use backstop_tests::{Answer, Asked, Server};
use tower_service::Service;

use crate::support::{bounded, fetch, fetch_with, session};

/// Three retries, without delays.
fn at_once() -> Retry {
    Retry::times(3).backoff(Duration::ZERO..Duration::ZERO)
}

/// A new session, which has no used connections.
async fn fetch_anew(request: Request) -> Result<Response, Error> {
    fetch_with(&session(|builder| builder), request).await
}

/// A server that gives this answer first, and then 200.
fn once(first: Answer) -> Server {
    let answered = AtomicUsize::new(0);
    Server::start(move |_| match answered.fetch_add(1, Ordering::SeqCst) {
        0 => first.clone(),
        _ => Answer::new(200, "done"),
    })
}

/// A port without a listener.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    format!("http://{}", listener.local_addr().expect("a bound socket has an address"))
}

/// Each place where a request can fail, and how often it then arrives: with an idempotent
/// method, and with another one.
fn points() -> Vec<(&'static str, Answer, usize, usize)> {
    let cut_short = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart".to_vec();
    vec![
        ("closed without a response", Answer::Close, 2, 1),
        ("reset", Answer::Reset, 2, 1),
        ("closed within the head", Answer::Raw(b"HTTP/1.1 200".to_vec()), 2, 1),
        ("silence", Answer::Stall(Vec::new()), 2, 1),
        ("silence within the body", Answer::Stall(cut_short.clone()), 2, 1),
        ("a body cut short", Answer::Raw(cut_short), 2, 1),
        ("not HTTP", Answer::Raw(b"SMTP\r\n\r\n".to_vec()), 1, 1),
        ("400", Answer::new(400, ""), 1, 1),
        ("408", Answer::new(408, ""), 2, 1),
        ("409", Answer::new(409, ""), 1, 1),
        ("425", Answer::new(425, ""), 2, 1),
        ("429", Answer::new(429, ""), 2, 1),
        ("429 with a time", Answer::new(429, "").header("retry-after", "0"), 2, 2),
        ("429 with no time", Answer::new(429, "").header("retry-after", "soon"), 2, 1),
        ("429 with a negative time", Answer::new(429, "").header("retry-after", "-1"), 2, 1),
        ("429 with an empty time", Answer::new(429, "").header("retry-after", ""), 2, 1),
        ("429 with a unit", Answer::new(429, "").header("retry-after", "2 s"), 2, 1),
        ("429 with a decimal time", Answer::new(429, "").header("retry-after", "0.0"), 2, 2),
        ("500", Answer::new(500, ""), 2, 1),
        ("501", Answer::new(501, ""), 1, 1),
        ("503", Answer::new(503, ""), 2, 1),
        ("503 with a time", Answer::new(503, "").header("retry-after", "0"), 2, 1),
        ("303 to a port that refuses", Answer::redirect(303, refusing()), 2, 1),
        ("307 to a port that refuses", Answer::redirect(307, refusing()), 2, 1),
    ]
}

#[tokio::test]
async fn a_request_that_may_have_been_processed_is_retried_only_if_safe() {
    for (method, idempotent) in [
        (Method::GET, true),
        (Method::HEAD, true),
        (Method::OPTIONS, true),
        (Method::PUT, true),
        (Method::DELETE, true),
        (Method::POST, false),
        (Method::PATCH, false),
    ] {
        for (point, answer, times_if_idempotent, times_if_not) in points() {
            // A response to HEAD has no body that can fail.
            if method == Method::HEAD && point.contains("body") {
                continue;
            }
            let patience = if point.starts_with("silence") { 800 } else { 20_000 };
            let server = once(answer);
            let request = Request::new(method.clone(), server.url())
                .attempt_timeout(Duration::from_millis(patience))
                .retry(at_once());
            let ended = fetch_anew(request).await;
            let expected = if idempotent { times_if_idempotent } else { times_if_not };
            assert_eq!(server.asked().len(), expected, "{method}, {point}");
            let attempts = match &ended {
                Ok(response) => response.attempts(),
                Err(error) => error.attempts(),
            };
            assert_eq!(ended.is_ok(), expected == 2, "{method}, {point}");
            assert_eq!(attempts as usize, expected, "{method}, {point}");
        }
    }
}

#[tokio::test]
async fn a_stalled_body_is_retried_only_if_safe() {
    let stalled =
        || once(Answer::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart".to_vec()));
    for (method, arrivals) in [(Method::GET, 2), (Method::POST, 1)] {
        let server = stalled();
        let request = Request::new(method, server.url())
            .idle_timeout(Duration::from_millis(100))
            .retry(at_once());
        let _ = fetch_anew(request).await;
        assert_eq!(server.asked().len(), arrivals);
    }
}

#[tokio::test]
async fn a_request_that_was_not_sent_is_retried_for_all_methods() {
    for method in [Method::GET, Method::POST, Method::PATCH] {
        let request = Request::new(method, refusing()).retry(at_once());
        let error = fetch_anew(request).await.expect_err("nothing listens");
        assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Refused));
        assert_eq!(error.attempts(), 4);
        assert_eq!(error.sent(), Sent::No);
    }
}

/// The second attempt sent nothing, but the call did.
#[tokio::test]
async fn an_error_includes_what_earlier_attempts_sent() {
    let refusing = refusing();
    let server = {
        let answered = AtomicUsize::new(0);
        Server::start(move |_| match answered.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::new(503, ""),
            _ => Answer::redirect(307, &refusing),
        })
    };
    let request = Request::get(server.url()).retry(Retry::times(1).backoff(at_no_time()));
    let error = fetch_anew(request).await.expect_err("nothing listens");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Refused));
    assert_eq!((error.attempts(), error.sent()), (2, Sent::Yes));
}

fn at_no_time() -> std::ops::Range<Duration> {
    Duration::ZERO..Duration::ZERO
}

#[tokio::test]
async fn an_idempotency_key_is_the_same_for_all_attempts_of_a_call() {
    let server = Server::start(|asked| match asked.path() {
        "/charge" => Answer::redirect(307, "/charges"),
        _ => Answer::new(503, ""),
    });
    let charge =
        || Request::post(format!("{}/charge", server.url())).retry(at_once().idempotency_key());
    let keys = |asked: &[Asked]| -> Vec<String> {
        asked.iter().map(|asked| asked.header("idempotency-key").to_owned()).collect()
    };
    let error = fetch_anew(charge()).await.expect_err("503");
    assert_eq!(error.attempts(), 4);
    let first = keys(&server.asked());
    assert_eq!(first.len(), 8, "each attempt is two hops");
    assert!(first.iter().all(|key| *key == first[0]), "{first:?}");
    assert!(first[0].starts_with('"') && first[0].ends_with('"') && first[0].len() == 38);

    fetch_anew(charge()).await.expect_err("503");
    assert_ne!(keys(&server.asked())[8], first[0]);
}

#[tokio::test]
async fn an_idempotency_key_of_the_caller_makes_the_request_repeatable() {
    let server = once(Answer::Close);
    let request = Request::post(server.url())
        .header("idempotency-key", "order-7")
        .retry(at_once().idempotency_key());
    fetch_anew(request).await.expect("the second try");
    let keys: Vec<_> =
        server.asked().iter().map(|asked| asked.header("idempotency-key").to_owned()).collect();
    assert_eq!(keys, ["order-7", "order-7"]);
}

#[tokio::test]
async fn an_idempotent_method_needs_no_key() {
    let server = once(Answer::Close);
    fetch_anew(Request::put(server.url()).retry(at_once().idempotency_key())).await.expect("200");
    assert_eq!(server.last().header("idempotency-key"), "");
}

#[tokio::test]
async fn each_attempt_sends_the_whole_request() {
    let server = once(Answer::Close);
    let request = Request::put(format!("{}/users/{{id}}", server.url()))
        .path("id", &7)
        .query(&[("fields", "name")])
        .header("x-tenant", "acme")
        .bearer_auth("token")
        .json(&[1, 2])
        .retry(1);
    fetch_anew(request).await.expect("the second try");
    let [first, second]: [Asked; 2] = server.asked().try_into().expect("two requests");
    assert_eq!(first.target, "/users/7?fields=name");
    assert_eq!(first.text(), "[1,2]");
    let all = |asked: &Asked| (asked.target.clone(), asked.headers.clone(), asked.body.clone());
    assert_eq!(all(&first), all(&second));
}

#[tokio::test]
async fn nothing_is_retried_without_a_policy() {
    let server = Server::always(Answer::new(503, ""));
    let error = fetch(Request::get(server.url())).await.expect_err("503");
    assert_eq!((error.attempts(), server.asked().len()), (1, 1));
}

#[tokio::test]
async fn a_policy_of_the_request_replaces_that_of_the_session() {
    let server = Server::always(Answer::new(503, ""));
    let session = session(|builder| builder.retry(at_once()));
    let attempts = async |request| fetch_with(&session, request).await.expect_err("503").attempts();
    assert_eq!(attempts(Request::get(server.url())).await, 4);
    assert_eq!(attempts(Request::get(server.url()).retry(0)).await, 1);
    let one_more = Retry::times(1).backoff(at_no_time());
    assert_eq!(attempts(Request::get(server.url()).retry(one_more)).await, 2);
}

#[tokio::test]
async fn a_stream_is_not_retried() {
    let server = Server::always(Answer::new(503, ""));
    let stream = || Body::from(http_body(b"once"));
    let error = fetch(Request::put(server.url()).body(stream()).retry(1)).await.expect_err("twice");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    assert_eq!(server.asked().len(), 0, "it is refused before it is sent");

    fetch(Request::put(server.url()).body(stream()).retry(0)).await.expect_err("503");
    let session = session(|builder| builder.retry(at_once()));
    let error =
        fetch_with(&session, Request::put(server.url()).body(stream())).await.expect_err("503");
    assert_eq!((error.attempts(), server.asked().len()), (1, 2));
}

/// A body of unknown length.
fn http_body(bytes: &'static [u8]) -> reqwest::Body {
    struct Once(Option<&'static [u8]>);
    impl futures_core::Stream for Once {
        type Item = Result<&'static [u8], Infallible>;
        fn poll_next(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.take().map(Ok))
        }
    }
    reqwest::Body::wrap_stream(Once(Some(bytes)))
}

#[tokio::test]
async fn on_retry_is_called_before_each_delay() {
    let server = Server::always(Answer::new(503, ""));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let retry =
        Retry::times(2).backoff(Duration::from_millis(1)..Duration::from_millis(3)).on_retry({
            let heard = Arc::clone(&heard);
            move |error, delay| {
                heard.lock().expect("no panic").push((error.clone(), delay));
            }
        });
    fetch(Request::get(server.url()).retry(retry)).await.expect_err("503");
    let heard = heard.lock().expect("no panic");
    let attempts: Vec<_> = heard.iter().map(|(error, _)| error.attempts()).collect();
    assert_eq!(attempts, [1, 2]);
    for (error, delay) in &*heard {
        assert_eq!(error.kind(), ErrorKind::Status(503));
        assert_eq!(error.method(), Some(&Method::GET));
        assert!(*delay < Duration::from_millis(3));
    }
}

#[tokio::test]
async fn an_origin_that_is_down_exhausts_its_budget() {
    let down = Server::always(Answer::new(503, ""));
    let flaky = once(Answer::new(503, ""));
    let session = session(|builder| builder.retry(at_once()).retry_budget(22));
    let fetch = async |server: &Server| fetch_with(&session, Request::get(server.url())).await;
    for (call, arrived) in [4, 6, 7].into_iter().enumerate() {
        fetch(&down).await.expect_err("503");
        assert_eq!(down.asked().len(), arrived, "after call {call}: 22 tokens are four retries");
    }
    fetch(&flaky).await.expect("another origin has its own budget");
    assert_eq!(flaky.asked().len(), 2);

    // Retries of unsent requests cost nothing.
    for _ in 0..4 {
        let error =
            fetch_with(&session, Request::get(refusing())).await.expect_err("nothing listens");
        assert_eq!(error.attempts(), 4);
    }
}

#[tokio::test]
async fn the_predicate_sees_the_facts_of_the_call() {
    let server = Server::always(Answer::new(503, ""));
    let retry = at_once().on(|error| {
        assert_eq!(error.method(), Some(&Method::GET));
        assert!(error.to_string().contains("GET http://127.0.0.1"), "{error}");
        assert!(error.elapsed() > Duration::ZERO);
        error.attempts() < 2
    });
    let error = fetch(Request::get(server.url()).retry(retry)).await.expect_err("503");
    assert_eq!((error.attempts(), server.asked().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_calls_share_the_budget() {
    let down = Server::always(Answer::new(503, ""));
    let session = session(|builder| builder.retry(at_once()).retry_budget(22));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        calls.spawn(bounded(session.fetch(Request::get(down.url()))));
    }
    while let Some(ended) = calls.join_next().await {
        ended.expect("no panic").expect_err("503");
    }
    assert_eq!(down.asked().len(), 24, "22 tokens allow four retries in all calls");
}

#[tokio::test]
async fn a_panic_in_a_predicate_does_not_affect_other_calls() {
    let server = once(Answer::new(503, ""));
    let session = session(|builder| builder);
    for retry in [at_once().on(|_| panic!("asked")), at_once().on_retry(|_, _| panic!("told"))] {
        let server = Server::always(Answer::new(503, ""));
        let call = tokio::spawn(session.fetch(Request::get(server.url()).retry(retry)));
        assert!(bounded(call).await.expect_err("a panic").is_panic());
        assert_eq!(server.asked().len(), 1);
    }
    fetch_with(&session, Request::get(server.url()).retry(at_once())).await.expect("the second");
}

#[tokio::test]
async fn a_successful_retry_returns_its_tokens() {
    let answered = AtomicUsize::new(0);
    let every_other = Server::start(move |_| match answered.fetch_add(1, Ordering::SeqCst) % 2 {
        0 => Answer::new(503, ""),
        _ => Answer::new(200, ""),
    });
    let session = session(|builder| builder.retry(at_once()).retry_budget(5));
    for _ in 0..10 {
        fetch_with(&session, Request::get(every_other.url())).await.expect("the second try");
    }
}

#[tokio::test]
async fn a_delay_that_is_too_long_ends_the_call() {
    let busy = |wait| Server::always(Answer::new(503, "").header("retry-after", wait));
    let server = busy("3600");
    let error = fetch(Request::get(server.url()).retry(at_once())).await.expect_err("503");
    assert_eq!(error.kind(), ErrorKind::Status(503));
    assert_eq!((error.attempts(), server.asked().len()), (1, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));

    let server = busy("20");
    let request = Request::get(server.url()).timeout(Duration::from_secs(10)).retry(at_once());
    let error = fetch(request).await.expect_err("503");
    assert_eq!(error.kind(), ErrorKind::Status(503), "the real error, and not a timeout");
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_total_timeout_in_a_retry_has_the_earlier_error_as_its_source() {
    let answered = AtomicUsize::new(0);
    let server = Server::start(move |_| match answered.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::new(503, ""),
        _ => Answer::Stall(Vec::new()),
    });
    let request = Request::get(server.url()).timeout(Duration::from_millis(700)).retry(at_once());
    let error = fetch_anew(request).await.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
    assert_eq!(error.attempts(), 2);
    let source = std::error::Error::source(&error).expect("the first error");
    let source = source.downcast_ref::<Error>().expect("an error of ours");
    assert_eq!((source.kind(), source.attempts()), (ErrorKind::Status(503), 1));
}

#[tokio::test]
async fn each_attempt_has_its_own_timeout() {
    let server = once(Answer::Stall(Vec::new()));
    let request =
        Request::get(server.url()).attempt_timeout(Duration::from_millis(800)).retry(at_once());
    assert_eq!(fetch_anew(request).await.expect("the second try").attempts(), 2);
}

#[tokio::test]
async fn a_predicate_selects_the_errors_to_retry() {
    let server = once(Answer::new(404, ""));
    let eventually = at_once().on(|error| matches!(error.kind(), ErrorKind::Status(404)));
    fetch_anew(Request::get(server.url()).retry(eventually.clone())).await.expect("the second try");

    let server = once(Answer::new(404, ""));
    fetch_anew(Request::post(server.url()).retry(eventually.clone())).await.expect_err("404");
    assert_eq!(server.asked().len(), 1, "a POST that was processed");

    let server = once(Answer::Close);
    let error = fetch_anew(Request::get(server.url()).retry(eventually)).await.expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Disconnected(DisconnectedError::Closed));
}

/// A dropped future stops, also while it waits for its next attempt.
#[tokio::test]
async fn a_dropped_call_is_not_retried() {
    let server = Server::always(Answer::new(503, "").header("retry-after", "1"));
    let (failed, mut has_failed) = tokio::sync::mpsc::unbounded_channel();
    let retry = Retry::times(3).on_retry(move |_, _| {
        let _ = failed.send(());
    });
    let call = session(|builder| builder).fetch(Request::get(server.url()).retry(retry));
    tokio::select! {
        _ = call => panic!("it waits for a second"),
        failed = bounded(has_failed.recv()) => failed.expect("the first failure"),
    }
    assert_eq!(server.asked().len(), 1);
}

/// A service that answers 503 with these headers until attempt number `until`.
#[derive(Clone)]
struct Busy {
    headers: HeaderMap,
    asked: Arc<AtomicUsize>,
    until: usize,
}

impl Service<reqwest::Request> for Busy {
    type Response = reqwest::Response;
    type Error = Infallible;
    type Future = Ready<Result<reqwest::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: reqwest::Request) -> Self::Future {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut response = http::Response::new("");
        if asked < self.until {
            *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            *response.headers_mut() = self.headers.clone();
        }
        ready(Ok(response.into()))
    }
}

/// The duration of a call on a paused clock.
async fn time_of(headers: &[(&'static str, &str)], until: usize, retry: Retry) -> Duration {
    let headers = headers
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("a value")))
        .collect();
    let service = Busy { headers, asked: Arc::default(), until };
    let session = Session::builder().service(service).build().expect("a session");
    let start = tokio::time::Instant::now();
    session.fetch(Request::get("http://host.test/").retry(retry)).await.expect("200");
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_long_as_retry_after() {
    let seconds = time_of(&[("retry-after", "7")], 2, at_once()).await;
    assert!((7.0..7.8).contains(&seconds.as_secs_f64()), "{seconds:?}");

    let date = [
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT"),
    ];
    let seconds = time_of(&date, 2, at_once()).await;
    assert!((20.0..22.1).contains(&seconds.as_secs_f64()), "{seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_a_random_part_of_the_backoff() {
    let second = Duration::from_secs(1);
    let mut waits = Vec::new();
    for _ in 0..50 {
        let all = time_of(&[], 4, Retry::times(3).backoff(second..second * 3)).await;
        assert!(all < second * (1 + 2 + 3), "{all:?}");
        waits.push(all);
    }
    waits.dedup();
    assert!(waits.len() > 40, "the delays are random");
}

#[tokio::test(start_paused = true)]
async fn a_backoff_of_zero_does_not_wait() {
    assert_eq!(time_of(&[], 4, at_once()).await, Duration::ZERO);
}

#[tokio::test]
async fn the_deadline_of_a_scope_limits_the_call() {
    let server = Server::always(Answer::Stall(Vec::new()));
    let request = || Request::get(server.url()).timeout(Duration::from_secs(15));
    let short = Deadline::after(Duration::from_millis(100));
    let error = bounded(short.scope(fetch(request()))).await.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));

    // The earlier deadline applies, inside or outside. Outside of both scopes there is none.
    let long = Deadline::after(Duration::from_secs(15));
    short.scope(async { long.scope(async { assert_eq!(Deadline::current(), short) }).await }).await;
    long.scope(async { short.scope(async { assert_eq!(Deadline::current(), short) }).await }).await;
    assert_eq!(Deadline::current(), Deadline::NONE);
    assert_eq!(Deadline::after(Duration::MAX).remaining(), None);
}

#[tokio::test]
async fn a_response_has_the_deadline_of_its_call() {
    let server = Server::always(Answer::new(200, "whole"));
    let before = Deadline::after(Duration::from_secs(10));
    let timed = |request: Request| request.timeout(Duration::from_secs(10));
    let response = fetch(timed(Request::get(server.url()))).await.expect("200");
    assert!(response.deadline().remaining() <= Some(Duration::from_secs(10)));
    assert!(response.deadline().remaining() >= before.remaining());
    let open = fetch(timed(Request::get(server.url())).streaming(true)).await.expect("200");
    assert_eq!(open.deadline(), Deadline::NONE);
    let response = fetch(Request::get(server.url()).timeout(None)).await.expect("200");
    assert_eq!(response.deadline(), Deadline::NONE);
}
