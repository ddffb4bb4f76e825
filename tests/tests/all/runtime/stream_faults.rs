//! Faults of a body, for each type that reads one as it arrives, over both transports.

use std::{pin::Pin, time::Duration};

use backstop::{
    BodyError, BodyStream, Download, Error, ErrorKind, Events, FromResponse, JsonLines, Lines,
    Pages, Request, Session, TimeoutError,
};
use backstop_tests::faults::{Endpoint, Step};

use crate::support::{TRANSPORTS, bounded, fetch_with, gzip, session_over};

/// Reads an open body to its end, without reconnects or resumption.
type Read = fn(Session, Request) -> Pin<Box<dyn Future<Output = Result<usize, Error>>>>;

async fn open<T: FromResponse>(session: Session, request: Request) -> Result<T, Error> {
    fetch_with(&session, request.reads::<T>()).await?.read()
}

/// Reads one item after the other with a method of the type.
macro_rules! reads {
    ($type:ty, $next:ident, $once:expr) => {
        |session, request| {
            Box::pin(async move {
                let once: fn($type) -> $type = $once;
                let mut items = once(open::<$type>(session, request).await?);
                let mut count = 0;
                while let Some(_) = bounded(items.$next()).await? {
                    count += 1;
                }
                Ok(count)
            })
        }
    };
}

const READS: [(&str, Read); 6] = [
    ("parts", reads!(BodyStream, part, |it| it)),
    ("lines", reads!(Lines, line, |it| it)),
    ("values", reads!(JsonLines<u8>, value, |it| it)),
    ("events", reads!(Events<String>, event, |it| it.reconnects(0))),
    ("download", reads!(Download, part, |it| it.retries(0))),
    ("pages", reads!(Pages<Vec<u8>>, page, |it| it)),
];

/// A server that sends a head, and then performs this step.
fn server(head: &str, steps: Vec<Step>) -> Endpoint {
    let head = format!("HTTP/1.1 200 OK\r\netag: \"a\"\r\n{head}\r\n");
    Endpoint::script(vec![[vec![Step::ReadRequest, Step::send(head)], steps].concat()])
        .expect("a port")
}

#[tokio::test]
async fn each_fault_of_a_body_has_the_same_leaf_for_every_reader() {
    let broken = gzip(&b"1\n".repeat(500));
    let half = broken[..broken.len() / 2].to_vec();
    let coded = "content-encoding: gzip\r\n";
    let faults: Vec<(&str, String, Vec<Step>, ErrorKind)> = vec![
        (
            "cut short",
            "content-length: 99\r\n".into(),
            vec![Step::send("1\n")],
            ErrorKind::Body(BodyError::Truncated),
        ),
        (
            "cut short between chunks",
            "transfer-encoding: chunked\r\n".into(),
            vec![Step::send("2\r\n1\n\r\n")],
            ErrorKind::Body(BodyError::Truncated),
        ),
        (
            "reset",
            "content-length: 99\r\n".into(),
            vec![Step::send("1\n"), Step::Wait(Duration::from_millis(50)), Step::Reset],
            ErrorKind::Body(BodyError::Reset),
        ),
        (
            "stalled",
            "content-length: 99\r\n".into(),
            vec![Step::send("1\n"), Step::Hold],
            ErrorKind::Timeout(TimeoutError::Idle),
        ),
        (
            "malformed chunks",
            "transfer-encoding: chunked\r\n".into(),
            vec![Step::send("2\r\n1\n\r\nxyz\r\n")],
            ErrorKind::Body(BodyError::Framing),
        ),
        (
            "compressed and cut short",
            format!("{coded}content-length: {}\r\n", half.len()),
            vec![Step::Send(half)],
            ErrorKind::Body(BodyError::Decompress),
        ),
        (
            "not compressed as it says",
            format!("{coded}content-length: 9\r\n"),
            vec![Step::send("plain\ntext")],
            ErrorKind::Body(BodyError::Decompress),
        ),
    ];
    for transport in TRANSPORTS {
        for (fault, head, steps, kind) in &faults {
            for (name, read) in READS {
                let content_type = match name {
                    "events" => "text/event-stream",
                    _ => "application/json",
                };
                let head = format!("content-type: {content_type}\r\n{head}");
                let server = server(&head, steps.clone());
                let session = session_over(transport, |builder| {
                    builder.idle_timeout(Duration::from_millis(150))
                });
                let request = Request::get(format!("http://{}/", server.address()));
                let error = bounded(read(session, request)).await.expect_err(fault);
                assert_eq!(error.kind(), *kind, "{fault}, {name}, {transport:?}: {error:#}");
                assert_eq!(error.status().map(|it| it.as_u16()), Some(200), "{fault}, {name}");
                assert!(error.url().is_some() && error.attempts() == 1, "{fault}, {name}");
            }
        }
    }
}

/// A dropped future does not consume an item.
#[tokio::test]
async fn dropping_a_future_loses_no_item_and_repeats_no_request() {
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n";
    let drip = |text: &str| Step::Drip(text.into(), Duration::from_millis(7));
    let connection = |text: &str| vec![Step::ReadRequest, Step::send(head), drip(text)];
    let a_moment = Duration::from_millis(3);

    let server = Endpoint::script(vec![
        connection("content-length: 3\r\nlink: </2>; rel=next\r\n\r\n[1]"),
        connection("content-length: 3\r\n\r\n[2]"),
    ])
    .expect("a port");
    let session = session_over(TRANSPORTS[0], |builder| builder);
    let request = Request::get(format!("http://{}/", server.address()));
    let mut pages: Pages<Vec<u8>> = open(session.clone(), request).await.expect("a page");
    let mut found = Vec::new();
    bounded(async {
        loop {
            match tokio::time::timeout(a_moment, pages.page()).await {
                Ok(Ok(Some(page))) => found.extend(page),
                Ok(end) => break end.map(drop),
                Err(_) => {}
            }
        }
    })
    .await
    .expect("pages");
    assert_eq!(found, [1, 2]);
    assert_eq!(server.seen().requests, 2);

    let events = "content-type: text/event-stream\r\n\r\nretry:20\ndata:a\n\ndata:b\n\n";
    let gone = vec![Step::ReadRequest, Step::send("HTTP/1.1 204 No\r\nconnection: close\r\n\r\n")];
    let server = Endpoint::script(vec![connection(events), gone]).expect("a port");
    let request = Request::get(format!("http://{}/", server.address()));
    let mut events: Events<String> = open(session, request).await.expect("events");
    let mut found = Vec::new();
    bounded(async {
        loop {
            match tokio::time::timeout(a_moment, events.event()).await {
                Ok(Ok(Some(event))) => found.push(event),
                Ok(end) => break end.map(drop),
                Err(_) => {}
            }
        }
    })
    .await
    .expect("events");
    assert_eq!(found, ["a", "b"]);
    assert_eq!(server.seen().requests, 2);

    let rest = "etag: \"a\"\r\ncontent-range: bytes 5-9/10\r\ncontent-length: 5\r\n\r\n56789";
    let server = Endpoint::script(vec![
        connection("etag: \"a\"\r\ncontent-length: 10\r\n\r\n01234"),
        vec![
            Step::ReadRequest,
            Step::send("HTTP/1.1 206 Partial Content\r\nconnection: close\r\n"),
            drip(rest),
        ],
    ])
    .expect("a port");
    let request = Request::get(format!("http://{}/", server.address()));
    let session = session_over(TRANSPORTS[0], |builder| builder);
    let mut download: Download = open(session, request).await.expect("200");
    let mut found = Vec::new();
    bounded(async {
        loop {
            match tokio::time::timeout(a_moment, download.part()).await {
                Ok(Ok(Some(part))) => found.extend_from_slice(&part),
                Ok(end) => break end.map(drop),
                Err(_) => {}
            }
        }
    })
    .await
    .expect("parts");
    assert_eq!(found, b"0123456789");
    assert_eq!(server.seen().requests, 2);
}

/// The connection is reused if little of the body was left, and closed otherwise.
#[tokio::test]
async fn a_body_dropped_near_its_end_keeps_its_connection_reusable() {
    for (left, connections) in [(1000, 1), (10_000_000, 2)] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\none", left + 3);
        let next =
            || vec![Step::ReadRequest, Step::send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")];
        let rest = vec![
            Step::ReadRequest,
            Step::send(head),
            Step::Wait(Duration::from_millis(50)),
            Step::Send(vec![b'x'; left]),
        ];
        let server = Endpoint::script(vec![[rest, next()].concat(), next()]).expect("a port");
        let url = format!("http://{}/", server.address());
        let session = session_over(TRANSPORTS[0], |builder| builder);
        let request = Request::get(url.clone());
        let mut body: BodyStream = open(session.clone(), request).await.expect("200");
        assert_eq!(bounded(body.part()).await.expect("a part").as_deref(), Some(&b"one"[..]));
        drop(body);
        // The rest of the body needs a moment to arrive.
        tokio::time::sleep(Duration::from_millis(300)).await;
        fetch_with(&session, Request::get(url)).await.expect("200");
        assert_eq!(server.seen().connections, connections, "{left} bytes were left");
    }
}
