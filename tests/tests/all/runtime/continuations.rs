//! Continuations, on which pages, events and downloads are built.

use backstop::{Continuation, ErrorKind, RedirectError, Request, reqwest};
use backstop_tests::{Answer, Server};

use crate::support::{bounded, fetch, fetch_with, session};

#[tokio::test]
async fn a_response_has_a_continuation_only_on_request() {
    let server = Server::start(|asked| Answer::new(200, asked.target.clone()));
    let response = fetch(Request::get(server.url())).await.expect("200");
    assert!(Continuation::of(&response).is_none());

    let request = Request::get(format!("{}/a/b?c=1", server.url())).header("x-a", "1");
    let response = fetch(request.continued(true)).await.expect("200");
    let continuation = Continuation::of(&response).expect("asked for");
    let again = bounded(continuation.again().header("x-a", 2).header("x-b", 3).fetch()).await;
    assert_eq!(again.expect("200").text().expect("text"), "/a/b?c=1");
    let asked = server.last();
    assert_eq!(["x-a", "x-b"].map(|name| asked.header(name)), ["2", "3"]);

    for (reference, target) in [("d", "/a/d"), ("/", "/"), ("?e", "/a/b?e"), ("../f#g", "/f")] {
        let continued = continuation.at(reference).expect(reference);
        let response = bounded(continued.fetch()).await.expect("200");
        assert_eq!(response.text().expect("text"), target);
        assert_eq!(server.last().header("x-a"), "1");
    }
    for (reference, leaf) in [
        ("mailto:a@b.example", RedirectError::Scheme),
        ("http:///a", RedirectError::Location),
        ("/a\\b", RedirectError::Location),
    ] {
        let error = continuation.at(reference).expect_err(reference);
        assert_eq!(error.kind(), ErrorKind::Redirect(leaf));
    }
    let error = bounded(continuation.again().header("x a", 1).fetch()).await.expect_err("a name");
    assert!(error.is_build() && error.method().is_some());
}

#[tokio::test]
async fn a_repeatable_body_is_sent_after_a_redirect() {
    let server = Server::start(|asked| Answer::new(200, asked.body.clone()));
    let request = Request::post(server.url()).body("text").continued(true);
    let response = fetch(request).await.expect("200");
    let continuation = Continuation::of(&response).expect("bytes");
    assert!(!continuation.is_repeatable());
    let again = bounded(continuation.again().fetch()).await.expect("200");
    assert_eq!(again.text().expect("text"), "text");

    let stream = reqwest::Body::wrap(reqwest::Body::from("text"));
    let request = Request::post(server.url()).body(stream).continued(true);
    let response = fetch(request).await.expect("200");
    assert!(Continuation::of(&response).is_none());
}

#[tokio::test]
async fn credentials_are_sent_only_to_the_requested_origin() {
    let other = Server::always(Answer::new(200, ""));
    let server = Server::always(Answer::new(200, ""));
    let session = |forward| session(|builder| builder.forward_credentials(forward));
    for forward in [false, true] {
        let request = Request::get(server.url())
            .bearer_auth("t0ken")
            .header("x-open", "1")
            .header("host", "a.example")
            .continued(true);
        let response = fetch_with(&session(forward), request).await.expect("200");
        let continuation = Continuation::of(&response).expect("asked for");
        let elsewhere = continuation.at(&other.url()).expect("a URL");
        let response = bounded(elsewhere.fetch()).await.expect("200");
        let asked = other.last();
        let token = if forward { "Bearer t0ken" } else { "" };
        assert_eq!(["authorization", "x-open"].map(|name| asked.header(name)), [token, "1"]);
        assert_ne!(asked.header("host"), "a.example");

        // Headers that were dropped are not sent again.
        let continuation = Continuation::of(&response).expect("as the first");
        let back = continuation.at(&server.url()).expect("a URL");
        bounded(back.fetch()).await.expect("200");
        assert_eq!(server.last().header("authorization"), token);
    }
}

/// A redirect to another origin does not decide where the credentials of the call are sent.
#[tokio::test]
async fn a_continuation_of_another_origin_has_no_credentials() {
    let other = Server::always(Answer::new(200, ""));
    let elsewhere = other.url();
    let server = Server::start(move |asked| match asked.path() {
        "/" => Answer::redirect(302, elsewhere.clone()),
        _ => Answer::new(200, ""),
    });
    let request = Request::get(server.url()).bearer_auth("t0ken").continued(true);
    let response = fetch(request).await.expect("200");
    let continuation = Continuation::of(&response).expect("asked for");
    assert!(!continuation.is_same_origin(response.url()));
    let chosen = continuation.at(&format!("{}/admin", server.url())).expect("a URL");
    bounded(chosen.fetch()).await.expect("200");
    assert_eq!(server.last().header("authorization"), "");
    // Repeating the request itself sends the credentials.
    bounded(continuation.again().fetch()).await.expect("200");
    assert_eq!(server.last().header("authorization"), "Bearer t0ken");
}
