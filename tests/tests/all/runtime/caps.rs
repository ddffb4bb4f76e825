//! Limits on the number of connections: for each origin, and in total.

use std::time::Duration;

use backstop::{
    BuildError, ErrorKind, Request, Sent, Session, TimeoutError,
    testing::{self, Reply, Script},
};
use backstop_tests::{Answer, Server};

use crate::support::{bounded, fetch_with, session};

/// Answers after a moment, so that calls overlap.
fn slow() -> Server {
    Server::always(Answer::Late(Duration::from_millis(5), Box::new(Answer::new(200, "done"))))
}

/// A hundred concurrent calls, to these URLs in turn.
async fn a_hundred(session: &Session, urls: &[String]) {
    let calls: Vec<_> = urls
        .iter()
        .cycle()
        .take(100)
        .map(|url| tokio::spawn(session.fetch(Request::get(url.clone()))))
        .collect();
    for call in calls {
        bounded(call).await.expect("no panic").expect("a response");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_calls_respect_the_origin_s_connection_limit() {
    let (one, other) = (slow(), slow());
    let session = session(|builder| builder.max_connections_per_origin(4).pool_idle_timeout(None));
    a_hundred(&session, &[one.url(), other.url()]).await;
    // A connection that is no longer needed is not opened later either.
    a_hundred(&session, &[one.url(), other.url()]).await;
    for server in [one, other] {
        assert_eq!(server.asked().len(), 100);
        let connections = server.connections();
        assert!((1..=4).contains(&connections), "{connections}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_concurrent_calls_respect_the_session_s_connection_limit() {
    let server = slow();
    let session = session(|builder| builder.max_connections(3).pool_idle_timeout(None));
    a_hundred(&session, &[server.url()]).await;
    let connections = server.connections();
    assert!((1..=3).contains(&connections), "{connections}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_to_other_origins_are_closed_at_the_limit() {
    let servers = [slow(), slow(), slow()];
    // No idle timeout closes the connections.
    let session = session(|builder| builder.max_connections(2).pool_idle_timeout(None));
    for _ in 0..2 {
        for server in &servers {
            fetch_with(&session, Request::get(server.url())).await.expect("a response");
        }
    }
    let urls: Vec<_> = servers.iter().map(Server::url).collect();
    a_hundred(&session, &urls).await;
}

#[tokio::test]
async fn a_call_that_finds_no_connection_in_time_has_sent_nothing() {
    let server = Server::always(Answer::Stall(Vec::new()));
    let session = session(|builder| {
        let builder = builder.base_url(server.url()).max_connections_per_origin(1);
        builder.connect_timeout(Duration::from_millis(20))
    });
    let first = tokio::spawn(session.fetch(Request::get("/")));
    while server.asked().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Longer than the connect timeout, which does not include the wait for a permit.
    let second = Request::post("/").timeout(Duration::from_millis(200));
    let error = fetch_with(&session, second).await.expect_err("no connection");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
    assert_eq!(error.sent(), Sent::No);
    // When the first call is dropped, its permit goes to the next call.
    first.abort();
    let third = Request::get("/").timeout(Duration::from_millis(200));
    let error = fetch_with(&session, third).await.expect_err("no answer");
    assert_eq!(error.sent(), Sent::Maybe);
    assert_eq!((server.connections(), server.asked().len()), (2, 2));
}

#[tokio::test]
async fn a_failed_connection_releases_its_permit() {
    let session = session(|builder| builder.max_connections(1));
    for _ in 0..3 {
        let request = Request::get("http://127.0.0.1:1/");
        let error = fetch_with(&session, request).await.expect_err("nobody listens");
        assert!(error.is_connect(), "{error:#}");
    }
    let server = slow();
    fetch_with(&session, Request::get(server.url())).await.expect("a response");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_of_http2_carries_many_calls() {
    let script = Script::new();
    script.get("/").reply(Reply::text("done").delay(Duration::from_millis(20)));
    let server = testing::Server::builder().http2().start(&script);
    let session = session(|builder| builder.http2_prior_knowledge(true).max_connections(1));
    a_hundred(&session, &[server.url()]).await;
    assert_eq!((server.connections(), server.requests()), (1, 100));
}

#[test]
fn unenforceable_limits_are_refused() {
    for (built, says) in [
        (Session::builder().max_connections(0).build(), "at least one"),
        (Session::builder().max_connections_per_origin(0).build(), "at least one"),
        (Session::builder().max_connections(1).use_reqwest(true).build(), "reqwest's client"),
        (
            Session::builder().max_connections(1).client(reqwest::Client::new()).build(),
            "a given client",
        ),
    ] {
        let error = built.expect_err(says);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Session));
        assert!(error.to_string().contains(says), "{error}");
    }
    Session::builder().max_connections(None).use_reqwest(true).build().expect("no limit");
    Session::builder().max_connections(usize::MAX).build().expect("a limit without effect");
}
