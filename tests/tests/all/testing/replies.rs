//! Replies of a script, which the session treats like any response.

use std::time::Duration;

use backstop::{
    BodyError, BodyStream, Error, ErrorKind, Json, Request, Retry, Session, TimeoutError, request,
    testing::{Reply, Script},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{fetch, text};
use crate::support::{ADA, User, gzip};

const URL: &str = "https://a.test/";

#[tokio::test]
async fn a_reply_has_a_status_headers_and_a_body() {
    let script = Script::new();
    script.post("/").status(201).header("location", "/users/9").json(&json!({"id": 9}));
    let response = fetch(&script, Request::post(URL)).await.expect("a response");
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["location"], "/users/9");
    assert_eq!(response.headers()["content-length"], "8");
    assert_eq!(response.content_type().as_deref(), Some("application/json"));
    assert_eq!(response.json::<Value>().expect("JSON"), json!({"id": 9}));
}

#[tokio::test]
async fn a_problem_reply_is_read_as_a_problem() {
    let script = Script::new();
    script.get("/").problem(404, "no such user");
    let error = text(&script, URL).await.expect_err("404");
    assert_eq!(error.headers()["content-type"], "application/problem+json");
    let body: Value = error.json().expect("a problem");
    assert_eq!(body, json!({"type": "about:blank", "title": "no such user", "status": 404}));
}

#[tokio::test]
async fn replies_are_sent_in_order_and_the_last_is_repeated() {
    let script = Script::new();
    script.get("/").status(503).repeat(2).then(Reply::text("well"));
    for expected in [Err(503), Err(503), Ok("well"), Ok("well")] {
        let got = text(&script, URL).await;
        match (got, expected) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected),
            (Err(error), Err(status)) => assert_eq!(error.kind(), ErrorKind::Status(status)),
            (got, expected) => panic!("expected {expected:?}, got {got:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn retries_receive_the_replies_in_order_without_waiting() {
    #[request(get = "https://a.test/users/7", retry(times = 3, backoff(10s..100s)))]
    async fn user(#[response] Json(user): Json<User>) -> Result<User, Error> {
        Ok(user)
    }

    let script = Script::new();
    let route = script.get("/users/{id}");
    route.clone().status(503).repeat(2).then(Reply::bytes(ADA));
    let found = script.run(user()).await.expect("a user");
    assert_eq!(found.name, "Ada");
    let attempts: Vec<u32> = route.requests().iter().map(|request| request.attempt()).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[tokio::test]
async fn a_closure_can_compute_the_reply() {
    let script = Script::new();
    script.post("/").reply_with(|request| json!({"got": request.json::<Value>()}));
    let response = fetch(&script, Request::post(URL).json(&json!([1]))).await.expect("a response");
    assert_eq!(response.json::<Value>().expect("JSON"), json!({"got": [1]}));
}

#[tokio::test]
async fn a_compressed_reply_is_requested_and_decompressed() {
    let script = Script::new();
    let route = script.get("/").header("content-encoding", "gzip").bytes(gzip(b"plain"));
    assert_eq!(text(&script, URL).await.expect("text"), "plain");
    assert!(route.last().header("accept-encoding").expect("asked for").contains("gzip"));
}

#[tokio::test]
async fn body_limits_apply_to_scripted_replies() {
    let script = Script::new();
    script.get("/").bytes(vec![0; 101]);
    let error = fetch(&script, Request::get(URL).max_body(100)).await.expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
}

#[tokio::test]
async fn a_redirect_is_followed_and_each_hop_recorded() {
    let script = Script::new();
    let start =
        script.get("https://a.test/start").reply(Reply::redirect(302, "https://b.test/end"));
    let end = script.get("https://b.test/end").text("there");
    let request = Request::get("https://a.test/start").bearer_auth("s3cret");
    let response = fetch(&script, request).await.expect("a response");
    assert_eq!(response.url().as_str(), "https://b.test/end");
    assert_eq!((start.last().hop(), end.last().hop()), (0, 1));
    start.last().assert_header("authorization", "Bearer s3cret");
    end.last().assert_no_header("authorization");
}

#[tokio::test(start_paused = true)]
async fn delays_use_the_clock_of_the_timers() {
    let script = Script::new();
    script.get("/late").text("late").delay(Duration::from_secs(10));
    script.get("/silent").reply(Reply::silence());
    let start = Instant::now();
    assert_eq!(text(&script, "https://a.test/late").await.expect("late"), "late");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    let request = Request::get("https://a.test/late").attempt_timeout(Duration::from_secs(3));
    let error = fetch(&script, request).await.expect_err("a timeout");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Attempt));
    let error = text(&script, "https://a.test/silent").await.expect_err("a timeout");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Total));
    assert_eq!(error.elapsed(), Duration::from_secs(30));
}

#[request(get = "https://a.test/stream")]
async fn streamed() -> Result<BodyStream, Error>;

#[tokio::test(start_paused = true)]
async fn a_body_arrives_in_parts_with_waits_trailers_and_a_break() {
    let script = Script::new();
    let parts = Reply::parts(["one ", "two "]).wait(Duration::from_secs(5)).part("three");
    script
        .get("/stream")
        .replies([parts.clone().trailer("x-sum", "3"), parts.clone().breaks(BodyError::Reset)])
        .then(parts.stalls());
    let mut body = script.run(streamed()).await.expect("a stream");
    let start = Instant::now();
    for part in ["one ", "two ", "three"] {
        assert_eq!(body.part().await.expect("a part").expect("a part"), part);
    }
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(body.part().await.expect("the end"), None);
    for expected in [ErrorKind::Body(BodyError::Reset), ErrorKind::Timeout(TimeoutError::Idle)] {
        let mut body = script.run(streamed()).await.expect("a stream");
        for _ in 0..3 {
            body.part().await.expect("a part").expect("a part");
        }
        assert_eq!(body.part().await.expect_err("a break").kind(), expected);
    }
    let error = text(&script, "https://a.test/stream").await.expect_err("a stall");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_truncated() {
    let script = Script::new();
    script.get("/").header("content-length", "10").bytes("short");
    let error = text(&script, URL).await.expect_err("cut short");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
}

#[tokio::test]
async fn bodiless_responses_have_no_body() {
    let script = Script::new();
    script.get("/empty").status(204).text("ignored");
    script.head("/head").text("four");
    assert_eq!(text(&script, "https://a.test/empty").await.expect("empty"), "");
    let response = fetch(&script, Request::head("https://a.test/head")).await.expect("a head");
    assert_eq!(response.headers()["content-length"], "4");
    assert_eq!(response.bytes().expect("nothing"), "");
}

#[tokio::test]
async fn a_request_that_was_not_taken_is_sent_again_automatically() {
    let script = Script::new();
    let route = script.post("/").reply(Reply::not_taken()).then(Reply::text("taken"));
    let response = fetch(&script, Request::post(URL).json(&1)).await.expect("taken");
    assert_eq!(response.attempts(), 1);
    let seen: Vec<_> = route.requests().iter().map(|it| (it.attempt(), it.hop())).collect();
    assert_eq!(seen, [(1, 0), (1, 0)]);
    let never = Script::new();
    let route = never.post("/").reply(Reply::not_taken());
    let error = fetch(&never, Request::post(URL)).await.expect_err("never taken");
    assert_eq!(error.kind().name(), "disconnected.unsent");
    route.assert_calls(6);
}

#[tokio::test(start_paused = true)]
async fn retries_use_the_session_s_budget() {
    let policy = Retry::times(3);
    let session =
        Session::builder().base_url(URL).retry(policy).retry_budget(5).build().expect("a session");
    let script = Script::new();
    let route = script.get("/").status(503);
    script.run(session.fetch(Request::get("/"))).await.expect_err("503");
    route.assert_calls(2);
}
