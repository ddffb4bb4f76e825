//! Timeouts: the error says which one expired.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use backstop::{ErrorKind, Request, Retry, Sent, Session, TimeoutError, reqwest};
use backstop_tests::{Answer, Server};
use tower_service::Service;

use crate::support::{TRANSPORTS, bounded, fetch, fetch_with, gzip, session, session_over};

const SHORT: Duration = Duration::from_millis(80);
/// Long enough for a head to arrive on a busy machine.
const AFTER_HEAD: Duration = Duration::from_millis(800);

fn silent() -> Server {
    Server::always(Answer::Stall(Vec::new()))
}

fn stalled_body() -> Server {
    Server::always(Answer::Stall(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart".to_vec()))
}

#[tokio::test]
async fn the_wait_for_the_head_ends_at_the_attempt_and_total_timeouts() {
    let server = silent();
    for (request, timer) in [
        (Request::get(server.url()).timeout(SHORT), TimeoutError::Total),
        (Request::get(server.url()).attempt_timeout(SHORT), TimeoutError::Attempt),
        (Request::get(server.url()).timeout(SHORT).attempt_timeout(SHORT * 9), TimeoutError::Total),
    ] {
        let error = fetch(request).await.expect_err("silence");
        assert_eq!(error.kind(), ErrorKind::Timeout(timer));
        assert_eq!(error.sent(), Sent::Maybe);
        assert!(error.elapsed() >= SHORT);
    }
}

/// Not even on an idle connection.
#[tokio::test]
async fn a_request_past_its_deadline_is_not_sent() {
    let server = Server::always(Answer::new(200, ""));
    fetch(Request::get(server.url())).await.expect("200");
    let error =
        fetch(Request::post(server.url()).timeout(Duration::ZERO)).await.expect_err("no time");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
    assert_eq!(error.sent(), Sent::No);
    assert_eq!(server.asked().len(), 1);
}

/// These timeouts end before the connect timeout: there was no connection, and nothing was sent.
#[tokio::test]
async fn a_timeout_while_connecting_reports_nothing_sent() {
    // It accepts connections, but does not answer the TLS handshake.
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let url = format!("https://{}", server.local_addr().expect("a bound socket has an address"));
    for transport in TRANSPORTS {
        let session = session_over(transport, |builder| builder);
        for (request, timer) in [
            (Request::post(url.clone()).timeout(SHORT), TimeoutError::Total),
            (Request::post(url.clone()).attempt_timeout(SHORT), TimeoutError::Attempt),
        ] {
            let error = fetch_with(&session, request).await.expect_err("no handshake");
            assert_eq!(error.kind(), ErrorKind::Timeout(timer));
            assert_eq!(error.sent(), Sent::No, "{transport:?}");
            assert!(error.to_string().contains("80ms passed while waiting for a connection"));
        }
        let request = Request::post(url.clone())
            .attempt_timeout(SHORT)
            .retry(Retry::times(2).backoff(Duration::ZERO..Duration::ZERO));
        let error = fetch_with(&session, request).await.expect_err("no handshake");
        assert_eq!(error.attempts(), 3, "{transport:?}: a POST too");
    }
}

/// A timer expires although every part of the body is ready when it is polled.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn timers_fire_during_a_body_that_is_always_ready() {
    #[derive(Clone)]
    struct Bytewise;

    impl Service<reqwest::Request> for Bytewise {
        type Response = reqwest::Response;
        type Error = Infallible;
        type Future = Ready<Result<reqwest::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: reqwest::Request) -> Self::Future {
            let body = reqwest::Body::wrap_stream(Nothing(vec![b'x']));
            ready(Ok(http::Response::new(body).into()))
        }
    }

    let session = Session::builder().service(Bytewise).max_body(u64::MAX).build().expect("one");
    for (request, timer) in [
        (Request::get("http://api.test/").timeout(SHORT), TimeoutError::Total),
        (Request::get("http://api.test/").attempt_timeout(SHORT), TimeoutError::Attempt),
    ] {
        let session = session.clone();
        let read = tokio::spawn(async move { session.fetch(request).await });
        let error = bounded(read).await.expect("no panic").expect_err("no end");
        assert_eq!(error.kind(), ErrorKind::Timeout(timer));
        assert_eq!(error.sent(), Sent::Yes);
    }
}

/// The status is known, so the wait for the body is short.
#[tokio::test]
async fn the_body_of_an_error_has_a_shorter_timeout() {
    let head = b"HTTP/1.1 503 Busy\r\ncontent-length: 9\r\n\r\npart".to_vec();
    let server = Server::always(Answer::Stall(head));
    let call = fetch(Request::get(server.url()).timeout(None).idle_timeout(None));
    let error = tokio::time::timeout(Duration::from_secs(10), call)
        .await
        .expect("two seconds")
        .expect_err("503");
    assert_eq!(error.kind(), ErrorKind::Status(503));
    assert_eq!(error.body(), "part");
}

#[tokio::test]
async fn a_stalled_body_ends_at_the_idle_timeout() {
    let server = stalled_body();
    for (request, timer) in [
        (Request::get(server.url()).timeout(AFTER_HEAD), TimeoutError::Total),
        (Request::get(server.url()).attempt_timeout(AFTER_HEAD), TimeoutError::Attempt),
        (Request::get(server.url()).idle_timeout(SHORT), TimeoutError::Idle),
    ] {
        let error = fetch(request).await.expect_err("a stall");
        assert_eq!(error.kind(), ErrorKind::Timeout(timer));
        assert_eq!(error.sent(), Sent::Yes);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    }
}

#[tokio::test]
async fn an_open_body_has_only_the_idle_timeout() {
    let server = stalled_body();
    let request =
        Request::get(server.url()).streaming(true).timeout(AFTER_HEAD).idle_timeout(SHORT);
    let mut body = fetch(request).await.expect("the head").into_stream();
    assert_eq!(bounded(body.part()).await.expect("a part").as_deref(), Some(&b"part"[..]));
    let error = bounded(body.part()).await.expect_err("a stall");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}

#[tokio::test]
async fn timeouts_of_the_request_replace_those_of_the_session() {
    let quick = session(|builder| builder.timeout(SHORT));
    let server = Server::always(Answer::Late(SHORT * 3, Box::new(Answer::new(200, ""))));
    let error = fetch_with(&quick, Request::get(server.url())).await.expect_err("too late");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
    fetch_with(&quick, Request::get(server.url()).timeout(None)).await.expect("in its own time");
    let patient = Duration::MAX;
    fetch_with(&quick, Request::get(server.url()).timeout(patient)).await.expect("no timeout");
}

/// A body of empty gzip members, each of which is ready when it is polled.
struct Nothing(Vec<u8>);

impl futures_core::Stream for Nothing {
    type Item = Result<Vec<u8>, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(self.0.clone())))
    }
}

/// A service that answers with this body.
#[derive(Clone)]
struct Endless;

impl Service<reqwest::Request> for Endless {
    type Response = reqwest::Response;
    type Error = Infallible;
    type Future = Ready<Result<reqwest::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: reqwest::Request) -> Self::Future {
        let body = reqwest::Body::wrap_stream(Nothing(gzip(b"")));
        let mut response = http::Response::new(body);
        response.headers_mut().insert("content-encoding", http::HeaderValue::from_static("gzip"));
        ready(Ok(response.into()))
    }
}

/// No limit on bytes ends it, and it is never pending.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_body_that_decodes_to_nothing_ends_at_the_timeout() {
    let session = Session::builder().service(Endless).build().expect("a session");
    for (request, timer) in [
        (Request::get("http://api.test/").timeout(SHORT), TimeoutError::Total),
        (Request::get("http://api.test/").attempt_timeout(SHORT), TimeoutError::Attempt),
    ] {
        // On another thread, because a future that is never pending would also block the test's timeout.
        let session = session.clone();
        let read = tokio::spawn(async move { session.fetch(request).await });
        let error = bounded(read).await.expect("no panic").expect_err("no end");
        assert_eq!(error.kind(), ErrorKind::Timeout(timer));
    }
}
