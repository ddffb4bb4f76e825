//! Secrets of a request never appear in printed or logged text.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use backstop::{Error, ErrorKind, Request, Retry, Session};
use backstop_tests::{Answer, Server};
use tracing::{Event, Metadata, Subscriber, field::Visit, span};

use crate::support::{User, fetch_with, session};

/// The secret in every place that can hold one. Its encodings start alike.
const SECRET: &str = "hunter2";
/// The secret after a user name in basic authentication: the common part of `me:hunter2` and similar values.
const ENCODED: &str = "aHVudGVyMg";

fn request(base: &str) -> Request {
    Request::post("{base}/users/{id}?key={key}&literal=hunter2")
        .base("base", &base)
        .path("id", &7)
        .query_param("key", &SECRET)
        .query(&[("also", SECRET)])
        .bearer_auth(SECRET)
        .header("x-api-key", SECRET)
        .header("cookie", format!("id={SECRET}"))
        .json(&User { id: 7, name: SECRET.into() })
        .timeout(Duration::from_secs(1))
}

/// Answers that fail, most of which contain the secret.
fn answers() -> Vec<Answer> {
    let raw = |text: &str| Answer::Raw(text.as_bytes().to_vec());
    vec![
        Answer::new(500, SECRET).header("x-echo", SECRET).header("set-cookie", SECRET),
        Answer::json(format!(r#"{{"id":"{SECRET}"}}"#)),
        Answer::json(format!(r#"{{"name":"{SECRET}"#)),
        Answer::new(200, SECRET).header("content-type", "text/html"),
        Answer::redirect(302, format!("ftp://me:{SECRET}@host/?key={SECRET}")),
        Answer::redirect(302, format!("http://me:{SECRET}@127.0.0.1:1/?key={SECRET}")),
        Answer::redirect(302, format!("http://[{SECRET}")),
        Answer::redirect(302, format!("/again?key={SECRET}")),
        Answer::Close,
        Answer::Reset,
        Answer::Stall(Vec::new()),
        raw(&format!("{SECRET}\r\n\r\n")),
        raw(&format!("HTTP/1.1 200 OK\r\nx-{SECRET}\r\n\r\n")),
        raw(&format!("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{SECRET}")),
        raw(&format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{SECRET}\r\n")),
        raw(&format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 7\r\n\r\n{SECRET}"
        )),
    ]
}

#[tokio::test]
async fn nothing_that_is_printed_or_logged_shows_a_secret() {
    let mut kinds = Vec::new();
    for answer in answers() {
        let shown = format!("{answer:?}");
        let server = Server::always(answer);
        for base in [server.url(), server.url().replace("http://", &format!("http://me:{SECRET}@"))]
        {
            let error = failure(&session(|builder| builder.header("x-token", SECRET)), &base).await;
            check(&error, &shown);
            kinds.push(error.kind());
        }
    }
    for base in [
        format!("http://me:{SECRET}@127.0.0.1:1"),
        format!("https://me:{SECRET}@127.0.0.1:1"),
        format!("http://host.invalid?key={SECRET}"),
        format!("ftp://me:{SECRET}@host"),
        format!("me:{SECRET}@host"),
        format!("http://me:{SECRET}@[bad"),
    ] {
        let error = failure(&session(|builder| builder), &base).await;
        check(&error, &base);
        kinds.push(error.kind());
    }
    // The answers must fail, with errors of every class.
    let classes: std::collections::HashSet<_> = kinds.iter().map(std::mem::discriminant).collect();
    assert_eq!(classes.len(), 9, "every class of errors was seen: {kinds:?}");
}

/// Each attempt starts at the first origin with the credentials, and its redirects do not send them to
/// another one. The observer gets no more than the caller.
#[tokio::test]
async fn a_retry_sends_no_secret_to_another_origin() {
    let other = Server::always(Answer::new(503, SECRET));
    let away = Answer::redirect(307, format!("{}/away?key={SECRET}", other.url()));
    let first = Server::always(away);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let observer = Arc::clone(&heard);
    let retry = Retry::times(2)
        .backoff(Duration::ZERO..Duration::ZERO)
        .idempotency_key()
        .on_retry(move |error, _| observer.lock().expect("no panic").push(error.clone()));
    let shown = format!("{retry:?}");
    assert!(shown.contains("times: 2") && !shown.contains(SECRET), "{shown}");

    let base = first.url().replace("http://", &format!("http://me:{SECRET}@"));
    let session = session(|builder| builder.header("x-token", SECRET).header("x-plain", "plain"));
    let error = fetch_with(&session, request(&base).retry(retry)).await.expect_err("503");
    assert_eq!((error.attempts(), first.asked().len(), other.asked().len()), (3, 3, 3));
    let keys: Vec<_> =
        first.asked().iter().map(|asked| asked.header("idempotency-key").to_owned()).collect();
    assert!(keys[0].len() > 2 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    for asked in first.asked() {
        assert_eq!(asked.header("authorization"), format!("Bearer {SECRET}"));
    }
    for asked in other.asked() {
        for name in ["authorization", "x-api-key", "cookie", "x-token"] {
            assert_eq!(asked.header(name), "", "{name}");
        }
        assert_eq!(
            (asked.header("x-plain"), asked.header("idempotency-key")),
            ("plain", &*keys[0])
        );
    }
    let heard = heard.lock().expect("no panic");
    assert_eq!(heard.len(), 2);
    for error in heard.iter().chain([&error]) {
        check(error, "a retry");
    }
}

#[test]
fn requests_and_sessions_print_no_secret() {
    let session = session(|builder| {
        builder
            .base_url(format!("http://me:{SECRET}@host/?key={SECRET}"))
            .header("x-api-key", SECRET)
    });
    let request = request("http://me:hunter2@host");
    let shown =
        format!("{session:?} {session:#?} {request:?} {:?}", session.fetch(Request::get("/")));
    assert!(!shown.contains(SECRET), "{shown}");
}

/// The error of a call that sends secrets and decodes the response as a user.
async fn failure(session: &Session, base: &str) -> Error {
    match fetch_with(session, request(base)).await {
        Err(error) => error,
        Ok(response) => response.json::<User>().expect_err("every answer fails"),
    }
}

#[track_caller]
fn check(error: &Error, what: &str) {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || backstop::log(error));
    let logged = log.0.lock().expect("nothing panics while it writes").clone();
    assert!(logged.contains("error.type"), "{logged}");
    let mut shown = format!("{error} | {error:#} | {error:?} | {error:#?} | {logged}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        shown.push_str(&format!(" | {error} | {error:?}"));
        cause = error.source();
    }
    for url in [error.url().map(ToString::to_string), error.template().map(str::to_owned)] {
        shown.push_str(&url.unwrap_or_default());
    }
    assert!(!shown.contains(SECRET) && !shown.contains(ENCODED), "{what}: {shown}");
    if let ErrorKind::Status(_) = error.kind() {
        assert!(error.body().starts_with(SECRET.as_bytes()), "the body is available on request");
    }
}

/// The text of all events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Fields<'a>(&'a mut String);

        impl Visit for Fields<'_> {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
                self.0.push_str(&format!("{field}={value:?} "));
            }
        }

        event.record(&mut Fields(&mut self.0.lock().expect("nothing panics while it writes")));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
