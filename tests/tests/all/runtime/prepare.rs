//! The hook that sees each hop before it is sent.

use std::sync::{Arc, Mutex};

use backstop::{BuildError, Error, ErrorKind, Request, Sent};
use backstop_tests::{Answer, Server};

use crate::support::{TRANSPORTS, fetch_with, session, session_over};

#[tokio::test]
async fn a_hook_sees_each_hop_of_each_attempt_and_sets_headers() {
    for transport in TRANSPORTS {
        let server = Server::start(|asked| match (asked.path(), asked.header("x-attempt")) {
            ("/a", _) => Answer::redirect(307, "/b"),
            (_, "1") => Answer::new(503, ""),
            _ => Answer::new(200, ""),
        });
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&seen);
        let session = session_over(transport, |builder| {
            builder.base_url(server.url()).retry(1).prepare(move |hop| -> Result<(), Error> {
                let body = std::str::from_utf8(hop.body().expect("bytes")).expect("text");
                let (method, path) = (hop.method(), hop.url().path());
                let kind = hop.headers()["content-type"].to_str().expect("text");
                let place = (hop.attempt(), hop.redirects(), hop.is_own_origin());
                let note = format!("{method} {path} {kind} {body} {place:?}");
                notes.lock().expect("no panic").push(note);
                hop.set_header("x-attempt", hop.attempt().to_string())
            })
        });
        let put = Request::put("/a").header("content-type", "text/x").body("data");
        fetch_with(&session, put).await.expect("the second attempt");
        assert_eq!(
            *seen.lock().expect("no panic"),
            [
                "PUT /a text/x data (1, 0, true)",
                "PUT /b text/x data (1, 1, true)",
                "PUT /a text/x data (2, 0, true)",
                "PUT /b text/x data (2, 1, true)",
            ],
            "{transport:?}"
        );
        assert_eq!(server.last().header("x-attempt"), "2");
    }
}

#[tokio::test]
async fn headers_of_a_hook_are_not_sent_to_another_origin() {
    let other = Server::always(Answer::new(200, ""));
    let away = other.url();
    let server = Server::start(move |_| Answer::redirect(307, away.clone()));
    let session = session(|builder| {
        builder.base_url(server.url()).prepare(|hop| {
            if hop.is_own_origin() {
                hop.set_header("x-first", "1")?;
            }
            hop.set_header("traceparent", "00-1-2-01")?;
            hop.set_header("x-signature", "of everything")?;
            hop.set_header("authorization", "AWS4-HMAC-SHA256 x")
        })
    });
    fetch_with(&session, Request::get("/")).await.expect("a response");
    let first = server.last();
    for name in ["x-first", "traceparent", "x-signature", "authorization"] {
        assert!(!first.header(name).is_empty(), "{name}");
    }
    let second = other.last();
    assert_eq!(second.header("traceparent"), "00-1-2-01");
    for name in ["x-first", "x-signature", "authorization"] {
        assert_eq!(second.header(name), "", "{name}");
    }
    // A request to another origin than the base's does not get the header either.
    fetch_with(&session, Request::get(other.url())).await.expect("a response");
    assert_eq!(other.last().header("authorization"), "");
}

#[derive(Debug, thiserror::Error)]
#[error("not in business hours")]
struct Closed;

#[tokio::test]
async fn a_hook_can_refuse() {
    let server = Server::always(Answer::new(200, ""));
    let closed = session(|builder| {
        builder.base_url(server.url()).prepare(|_| Err::<(), _>(Closed)).retry(3)
    });
    let error = fetch_with(&closed, Request::get("/")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Prepare));
    assert_eq!((error.sent(), error.attempts()), (Sent::No, 1));
    assert!(std::error::Error::source(&error).expect("a cause").is::<Closed>());
    let own = session(|builder| {
        builder
            .base_url(server.url())
            .prepare(|_| Err::<(), _>(Error::new(ErrorKind::Status(503)).with_body("later")))
    });
    let error = fetch_with(&own, Request::get("/")).await.expect_err("refused");
    assert_eq!((error.kind(), &error.body()[..]), (ErrorKind::Status(503), &b"later"[..]));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn hooks_are_called_in_order_and_see_the_credentials() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        builder
            .base_url(server.url())
            .credentials(|_| async { backstop::credentials::Authorization::bearer("t") })
            .prepare(|hop| hop.set_header("x-one", "1"))
            .prepare(|hop| {
                let length = hop.headers()["authorization"].len() + hop.headers()["x-one"].len();
                hop.set_header("x-two", length.to_string())
            })
    });
    fetch_with(&session, Request::get("/")).await.expect("a response");
    assert_eq!(server.last().header("x-two"), "9");
}

#[tokio::test]
async fn the_size_of_a_streamed_body_is_unknown() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        builder
            .base_url(server.url())
            .prepare(|hop| hop.set_header("x-known", hop.body().is_some().to_string()))
    });
    let stream = reqwest::Body::wrap(reqwest::Body::from("x"));
    fetch_with(&session, Request::post("/").body(stream)).await.expect("a response");
    assert_eq!(server.last().header("x-known"), "false");
    fetch_with(&session, Request::get("/")).await.expect("a response");
    assert_eq!(server.last().header("x-known"), "true");
}

#[tokio::test]
async fn a_hook_cannot_set_connection_specific_headers() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        builder.base_url(server.url()).prepare(|hop| hop.set_header("transfer-encoding", "chunked"))
    });
    let error = fetch_with(&session, Request::get("/")).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header));
}

#[tokio::test]
async fn a_declared_sensitive_header_is_sensitive_in_hooks() {
    let other = Server::always(Answer::new(200, ""));
    let away = other.url();
    let server = Server::start(move |_| Answer::redirect(307, away.clone()));
    let marked = Arc::new(Mutex::new(Vec::new()));
    for forward in [false, true] {
        let marks = Arc::clone(&marked);
        let session = session(|builder| {
            builder
                .base_url(server.url())
                .sensitive_header("X-Door")
                .forward_credentials(forward)
                .prepare(|hop| hop.set_header("x-door", "7"))
                .prepare(move |hop| -> Result<(), Error> {
                    let door = hop.headers().get("x-door");
                    let is_marked = door.map(backstop::HeaderValue::is_sensitive);
                    marks.lock().expect("no panic").push(is_marked);
                    Ok(())
                })
        });
        fetch_with(&session, Request::get("/")).await.expect("a response");
        assert_eq!(server.last().header("x-door"), "7");
        assert_eq!(other.last().header("x-door"), if forward { "7" } else { "" });
    }
    let marked = marked.lock().expect("no panic").clone();
    assert_eq!(marked, [Some(true), None, Some(true), Some(true)]);
}

/// With another length, a server would read the next request on the connection as the body.
#[tokio::test]
async fn a_hook_cannot_change_the_content_length() {
    let server = Server::always(Answer::new(200, ""));
    let session = session(|builder| {
        builder
            .base_url(server.url())
            .prepare(|hop| hop.set_header("content-length", hop.headers()["x-length"].clone()))
    });
    let stream = || backstop::Body::from(reqwest::Body::wrap(String::from("an order")));
    for (request, right, wrong) in [
        (Request::get("/"), Some("0"), "40"),
        (Request::delete("/"), Some("0"), "00"),
        (Request::post("/").text("an order"), Some("8"), "7"),
        (Request::post("/").body(stream()), None, "9"),
        (Request::post("/").body(stream()).header("content-length", "8"), None, "9"),
    ] {
        let asked = server.asked().len();
        let error = fetch_with(&session, request.header("x-length", wrong)).await.expect_err(wrong);
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header));
        assert_eq!(server.asked().len(), asked, "nothing was sent");
        if let Some(right) = right {
            let request = match right {
                "0" => Request::get("/"),
                _ => Request::post("/").text("an order"),
            };
            fetch_with(&session, request.header("x-length", right)).await.expect(right);
        }
    }
}
