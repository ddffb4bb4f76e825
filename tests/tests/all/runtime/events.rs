//! Server-sent events over real connections: when a stream reconnects, and when it ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{
    BodyError, DecodeError, Error, ErrorKind, Event, Events, FromEvent, FromResponse, Json,
    Request, TimeoutError, request,
};
use backstop_tests::{
    Answer, Asked, Server,
    faults::{Endpoint, Step},
};
use serde::Deserialize;

use crate::support::{SESSION, bounded, fetch, gzip};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";

/// A stream that ends with its connection.
fn stream(events: &str) -> Answer {
    Answer::Raw(format!("{HEAD}\r\n{events}").into_bytes())
}

/// A stream that breaks off.
fn broken(events: &str) -> Answer {
    Answer::Raw(format!("{HEAD}content-length: 9999\r\n\r\n{events}").into_bytes())
}

/// A server whose answers depend on the number of earlier requests.
fn server(answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(move |asked| answer(count.fetch_add(1, Ordering::SeqCst), asked))
}

async fn read<T: FromResponse>(server: &Server) -> Result<T, Error> {
    fetch(Request::get(server.url()).reads::<T>()).await?.read()
}

/// The data of all events up to the end.
async fn all(mut events: Events<String>) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    while let Some(data) = bounded(events.event()).await? {
        all.push(data);
    }
    assert!(events.event().await.expect("the end again").is_none());
    Ok(all)
}

/// The event with the id 2 is cut off, and must be sent again.
#[tokio::test]
async fn a_stream_reconnects_at_its_position_until_the_server_ends_it() {
    let server = server(|count, asked| match (count, asked.header("last-event-id")) {
        (0, "") => stream("retry:1\nid:1\ndata:a\n\nid:2\ndata:lost"),
        (1, "1") => broken("data:b\n\n: comment\n"),
        (2, "1") => Answer::Reset,
        (3, "1") => Answer::new(503, ""),
        (4, "1") => stream("id:3\ndata:c\n\nid\ndata:d\n\n"),
        (5, "") => Answer::new(204, ""),
        other => panic!("{other:?}"),
    });
    let events: Events<String> = read(&server).await.expect("200");
    assert_eq!(all(events).await.expect("events"), ["a", "b", "c", "d"]);
    let asked = server.asked();
    assert_eq!(asked.len(), 6);
    for asked in asked {
        let headers = ["accept", "cache-control"].map(|name| asked.header(name));
        assert_eq!(headers, ["text/event-stream", "no-store"]);
    }
}

#[tokio::test]
async fn an_event_has_its_type_its_data_and_the_last_id() {
    let server = server(|count, _| match count {
        0 => stream("retry:1\nid:7\ndata:a\n\n"),
        _ => Answer::new(204, ""),
    });
    let mut events: Events = read(&server).await.expect("200");
    let event = bounded(events.event()).await.expect("an event").expect("one");
    assert_eq!((&*event.event, &*event.data, &*event.id), ("message", "a", "7"));
    assert!(bounded(events.event()).await.expect("204").is_none());
    assert_eq!(events.last_event_id(), "7");
    assert_eq!(server.last().header("last-event-id"), "7");
}

#[tokio::test]
async fn a_stream_fails_after_several_connections_without_events() {
    let server = server(|count, _| match count {
        0 => stream("retry:1\ndata:a\n\n"),
        _ => Answer::Reset,
    });
    let events: Events<String> = read(&server).await.expect("200");
    let mut events = events.reconnects(3);
    assert_eq!(bounded(events.event()).await.expect("an event").as_deref(), Some("a"));
    let error = bounded(events.event()).await.expect_err("resets");
    assert!(error.is_disconnected(), "{error}");
    assert!(bounded(events.event()).await.expect("the end").is_none());
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn without_reconnects_there_is_one_connection() {
    let events: Events<String> = read(&server(|_, _| stream("data:a\n\n"))).await.expect("200");
    assert_eq!(all(events.reconnects(0)).await.expect("events"), ["a"]);
    let events: Events<String> = read(&server(|_, _| broken("data:a\n\n"))).await.expect("200");
    let error = all(events.reconnects(0)).await.expect_err("cut short");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
}

#[tokio::test]
async fn a_permanent_failure_ends_the_stream_at_once() {
    for (answer, kind) in [
        (Answer::new(401, ""), ErrorKind::Status(401)),
        (Answer::json("{}"), ErrorKind::Decode(DecodeError::ContentType)),
    ] {
        let server = server(move |count, _| match count {
            0 => stream("retry:1\ndata:a\n\n"),
            _ => answer.clone(),
        });
        let mut events: Events<String> = read(&server).await.expect("200");
        assert!(bounded(events.event()).await.expect("an event").is_some());
        assert_eq!(bounded(events.event()).await.expect_err("refused").kind(), kind);
        assert!(bounded(events.event()).await.expect("the end").is_none());
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn a_first_response_of_another_content_type_fails_the_call() {
    for (content_type, is_stream) in [
        ("text/event-stream", true),
        ("text/event-stream;charset=utf-8", true),
        ("Text/Event-Stream ; x", true),
        ("text/event-streams", false),
        ("text/plain", false),
    ] {
        let server = Server::always(Answer::new(200, "").header("content-type", content_type));
        match read::<Events>(&server).await {
            Ok(_) => assert!(is_stream, "{content_type}"),
            Err(error) => {
                assert!(!is_stream, "{content_type}");
                assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::ContentType));
            }
        }
    }
    let mut events: Events = read(&Server::always(Answer::new(204, ""))).await.expect("204");
    assert!(events.event().await.expect("the end").is_none());
}

/// A second POST would place a second order.
#[tokio::test]
async fn a_request_that_is_not_safe_to_repeat_is_sent_once() {
    let server = server(|_, _| stream("retry:1\ndata:a\n\n"));
    let request = Request::post(server.url()).body("{}").reads::<Events<String>>();
    let events: Events<String> = fetch(request).await.expect("200").read().expect("a stream");
    assert_eq!(all(events).await.expect("events"), ["a"]);
    assert_eq!(server.asked().len(), 1);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Price {
    cents: u64,
}

#[derive(Debug, PartialEq)]
enum Update {
    Price(u64),
    Other(String),
}

impl FromEvent for Update {
    fn from_event(event: Event) -> Result<Self, Error> {
        match &*event.event {
            "price" => Ok(Self::Price(event.json::<Price>()?.cents)),
            _ => Ok(Self::Other(event.data)),
        }
    }
}

#[request(get = "{url}", session = SESSION, header("accept" = "text/event-stream, */*"))]
async fn prices(url: &str) -> Result<Events<Json<Price>>, Error>;

#[request(get = "{url}", session = SESSION, on_error(Decode => recover(Vec::new())))]
async fn updates(url: &str, #[response] mut events: Events<Update>) -> Result<Vec<Update>, Error> {
    let mut updates = Vec::new();
    while let Some(update) = events.event().await? {
        updates.push(update);
    }
    Ok(updates)
}

#[tokio::test]
async fn data_is_read_as_json_and_an_invalid_event_is_one_error() {
    let server = server(|count, _| match count {
        0 => stream(
            "retry:1\ndata:{\"cents\":\ndata:1}\n\ndata:{\"cents\":\"no\"}\n\ndata:{\"cents\":3}\n\n",
        ),
        _ => Answer::new(204, ""),
    });
    let mut prices = prices(&server.url()).await.expect("200");
    assert_eq!(bounded(prices.event()).await.expect("a price"), Some(Json(Price { cents: 1 })));
    let error = bounded(prices.event()).await.expect_err("text");
    assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape));
    assert_eq!(error.decode_path(), Some("$.cents"));
    assert_eq!((error.body(), error.attempts()), (&"{\"cents\":\"no\"}".into(), 1));
    assert!(error.url().is_some());
    assert_eq!(bounded(prices.event()).await.expect("a price"), Some(Json(Price { cents: 3 })));
    assert!(bounded(prices.event()).await.expect("204").is_none());
    assert_eq!(server.asked()[0].header("accept"), "text/event-stream, */*");
}

#[tokio::test]
async fn a_custom_type_reads_events_by_their_type() {
    let of = |events: &'static str| {
        server(move |count, _| match count {
            0 => stream(events),
            _ => Answer::new(204, ""),
        })
    };
    let server = of("retry:1\nevent:price\ndata:{\"cents\":7}\n\ndata:x\n\n");
    let found = updates(&server.url()).await.expect("updates");
    assert_eq!(found, [Update::Price(7), Update::Other("x".into())]);
    let server = of("event:price\ndata:?\n\n");
    assert_eq!(updates(&server.url()).await.expect("recovered"), []);
}

/// Comments keep a stream alive; without them it has stalled, and the client reconnects.
#[tokio::test]
async fn comments_reset_the_idle_timer_and_a_stall_reconnects() {
    let head = format!("{HEAD}\r\nretry:1\n");
    let comments = Step::Drip(b":\n:\n:\n:\n:\n:\n:\n:\n".to_vec(), Duration::from_millis(50));
    let first = vec![Step::ReadRequest, Step::send(head), comments, Step::Hold];
    let second = vec![Step::ReadRequest, Step::send(format!("{HEAD}\r\ndata:a\n\n")), Step::Hold];
    let server = Endpoint::script(vec![first, second]).expect("a port");
    let request = Request::get(format!("http://{}/", server.address()))
        .idle_timeout(Duration::from_millis(400))
        .reads::<Events<String>>();
    let events: Events<String> = fetch(request).await.expect("200").read().expect("a stream");
    let mut events = events.reconnects(1);
    assert_eq!(bounded(events.event()).await.expect("an event").as_deref(), Some("a"));
    assert_eq!(server.seen().connections, 2);
    // The second connection stalls too, and so does every later one.
    let third = bounded(events.event()).await.expect("the last step of the script again");
    assert_eq!(third.as_deref(), Some("a"));
}

#[tokio::test]
async fn a_stall_without_reconnects_is_a_timeout() {
    let steps = vec![Step::ReadRequest, Step::send(format!("{HEAD}\r\n:\n")), Step::Hold];
    let server = Endpoint::script(vec![steps]).expect("a port");
    let request = Request::get(format!("http://{}/", server.address()))
        .idle_timeout(Duration::from_millis(100))
        .reads::<Events>();
    let events: Events = fetch(request).await.expect("200").read().expect("a stream");
    let error = bounded(events.reconnects(0).event()).await.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}

#[tokio::test]
async fn an_event_beyond_the_limit_ends_the_stream() {
    let server = server(|_, _| stream("data:short\n\ndata:much longer\n\ndata:short\n\n"));
    let events: Events<String> = read(&server).await.expect("200");
    let mut events = events.max_event(9);
    assert!(bounded(events.event()).await.expect("an event").is_some());
    let error = bounded(events.event()).await.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
    assert!(error.url().is_some());
    assert!(bounded(events.event()).await.expect("the end").is_none());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_compressed_body_can_be_streamed() {
    let body = gzip(b"retry:1\ndata:a\n\ndata:b\n\n");
    let mut response =
        format!("{HEAD}content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", body.len())
            .into_bytes();
    response.extend(body);
    let server = server(move |count, _| match count {
        0 => Answer::Raw(response.clone()),
        _ => Answer::new(204, ""),
    });
    let events: Events<String> = read(&server).await.expect("200");
    assert_eq!(all(events).await.expect("events"), ["a", "b"]);
}
