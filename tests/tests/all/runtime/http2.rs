//! HTTP/2 in frames: which streams are opened, and which are opened again.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use backstop::{
    BodyError, DisconnectedError, Download, Error, ErrorKind, Events, Lines, Method, Request,
    Retry, Sent, Session,
    testing::{self, Script},
};
use http::Version;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use super::connections::listener;
use crate::support::{TRANSPORTS, Transport, bounded, fetch_with, session, session_over};

/// Frames of HTTP/2 (RFC 9113 §4.1): their length, type, flags and stream.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const REFUSED_STREAM: [u8; 4] = 7_u32.to_be_bytes();

/// The kind, flags and stream of the next frame.
async fn next_frame(stream: &mut TcpStream) -> std::io::Result<(u8, u8, u32)> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    let [a, b, c, kind, flags, id @ ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    stream.read_exact(&mut payload).await?;
    Ok((kind, flags, u32::from_be_bytes(id)))
}

/// Speaks HTTP/2, refuses every stream, and reports each one.
async fn refuse_streams(listener: TcpListener, opened: mpsc::UnboundedSender<u32>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let opened = opened.clone();
        tokio::spawn(async move {
            let mut preface = [0; 24];
            stream.read_exact(&mut preface).await?;
            stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
            loop {
                let (kind, flags, id) = next_frame(&mut stream).await?;
                match kind {
                    HEADERS => {
                        let _ = opened.send(id);
                        stream.write_all(&frame(RST_STREAM, 0, id, &REFUSED_STREAM)).await?;
                    }
                    SETTINGS if flags & ACK == 0 => {
                        stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?;
                    }
                    _ => {}
                }
            }
            #[allow(unreachable_code, reason = "says the type of the errors above")]
            Ok::<(), std::io::Error>(())
        });
    }
}

/// A server that refuses every stream gets five more requests for each attempt. They do not count as
/// attempts themselves.
#[tokio::test]
async fn a_refused_stream_is_reopened_five_times_per_attempt() {
    for tries in [0, 2] {
        let (listener, url) = listener().await;
        let (opened, mut streams) = mpsc::unbounded_channel();
        let server = tokio::spawn(refuse_streams(listener, opened));
        let session = session(|builder| {
            builder
                .http2_prior_knowledge(true)
                .retry(Retry::times(tries).backoff(Duration::ZERO..Duration::ZERO))
        });
        let error: Error =
            fetch_with(&session, Request::post(url).text("an order")).await.expect_err("refused");
        // REFUSED_STREAM means that the server did not process the request.
        assert_eq!(error.kind(), ErrorKind::Disconnected(DisconnectedError::Unsent));
        assert_eq!(error.sent(), Sent::No);
        assert_eq!(error.attempts(), tries + 1);
        server.abort();
        let _ = server.await;
        drop(session);
        let mut opened = 0;
        while bounded(streams.recv()).await.is_some() {
            opened += 1;
        }
        assert_eq!(opened, 6 * (tries + 1), "streams");
    }
}

/// Answers `ok` with its length on the first stream, and ends the stream later.
/// Output: whether the client reset the stream before that.
async fn end_late(mut stream: TcpStream) -> std::io::Result<bool> {
    // `:status: 200` and `content-length: 2` (RFC 7541 §6.1, §6.2.2).
    const HEAD: [u8; 5] = [0x88, 0x0f, 0x0d, 1, b'2'];
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    let mut pings = 0;
    loop {
        match next_frame(&mut stream).await? {
            (SETTINGS, 0, _) => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
            (HEADERS, _, id) => {
                stream.write_all(&frame(HEADERS, END_HEADERS, id, &HEAD)).await?;
                stream.write_all(&frame(DATA, 0, id, b"ok")).await?;
                stream.write_all(&frame(PING, 0, 0, &[0; 8])).await?;
            }
            (RST_STREAM, ..) => return Ok(true),
            // The client has sent its frames about the data before this answer.
            (PING, ACK, _) if pings == 2 => {
                stream.write_all(&frame(DATA, END_STREAM, 1, &[])).await?;
                return Ok(false);
            }
            (PING, ACK, _) => {
                pings += 1;
                stream.write_all(&frame(PING, 0, 0, &[0; 8])).await?;
            }
            _ => {}
        }
    }
}

/// In HTTP/2, the end of a stream is a flag of its own.
#[tokio::test]
async fn a_body_of_known_length_does_not_reset_its_stream() {
    let (listener, url) = listener().await;
    let session = session(|builder| builder.http2_prior_knowledge(true));
    let server = async { end_late(listener.accept().await?.0).await };
    let call = fetch_with(&session, Request::get(url));
    let (response, reset) = bounded(async { tokio::join!(call, server) }).await;
    assert_eq!(response.expect("200").text().expect("UTF-8"), "ok");
    assert!(!reset.expect("frames"), "the stream was reset");
}

/// Reads the preface, and sends these settings.
async fn greet(stream: &mut TcpStream, settings: &[u8]) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 24]).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, settings)).await
}

/// The stream of the next request. Settings before it are acknowledged.
async fn next_request(stream: &mut TcpStream) -> std::io::Result<u32> {
    loop {
        match next_frame(stream).await? {
            (SETTINGS, 0, _) => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
            (HEADERS, _, id) => return Ok(id),
            _ => {}
        }
    }
}

/// `:status: 200`, without a body.
fn ok(id: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, id, &[0x88])
}

/// Ends each connection with GOAWAY after this many requests, and answers those.
async fn end_after(listener: TcpListener, requests: u32, answered: mpsc::UnboundedSender<u32>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let answered = answered.clone();
        tokio::spawn(async move {
            greet(&mut stream, &[]).await?;
            let mut last = 0;
            for _ in 0..requests {
                last = next_request(&mut stream).await?;
                let _ = answered.send(last);
                if last / 2 + 1 == requests {
                    let end = [last.to_be_bytes(), [0; 4]].concat();
                    stream.write_all(&frame(GOAWAY, 0, 0, &end)).await?;
                }
                stream.write_all(&ok(last)).await?;
            }
            // Later frames are ignored, as by a server that is about to close.
            while next_frame(&mut stream).await.is_ok() {}
            Ok::<u32, std::io::Error>(last)
        });
    }
}

/// Requests above the last stream of a GOAWAY were not processed, and are sent again on another connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_goaway_fails_no_call() {
    for transport in TRANSPORTS {
        let (listener, url) = listener().await;
        let (answered, mut answers) = mpsc::unbounded_channel();
        let server = tokio::spawn(end_after(listener, 7, answered));
        let session = session_over(transport, |builder| builder.http2_prior_knowledge(true));
        let calls: Vec<_> = (0..60)
            .map(|_| {
                let (session, url) = (session.clone(), url.clone());
                tokio::spawn(async move {
                    fetch_with(&session, Request::post(url).text("an order")).await
                })
            })
            .collect();
        for call in calls {
            let response = bounded(call).await.expect("no panic").expect("200");
            assert_eq!(response.attempts(), 1, "{transport:?}: unprocessed requests do not count");
        }
        server.abort();
        answers.close();
        let mut count = 0;
        while answers.recv().await.is_some() {
            count += 1;
        }
        assert_eq!(count, 60, "{transport:?}: no request was processed twice");
    }
}

/// An HTTP/2 server, and a session whose connection to it is too old to be reused.
async fn known_server(script: &Script, tls: bool) -> (testing::Server, Session) {
    let server = testing::Server::builder().http2();
    let server = if tls { server.tls() } else { server }.start(script);
    let session = session(|builder| {
        let builder = builder.root_certificate(server.authority_pem());
        builder.http2_prior_knowledge(!tls).pool_idle_timeout(Duration::from_nanos(1))
    });
    let first = fetch_with(&session, Request::get(server.url())).await.expect("200");
    assert_eq!(first.version(), Version::HTTP_2);
    (server, session)
}

/// When a connection ends, all its calls need a new one at the same time.
#[tokio::test]
async fn calls_that_need_a_connection_at_the_same_time_open_one_connection() {
    for tls in [true, false] {
        let script = Script::new();
        script.get("/").text("ok");
        let (server, session) = known_server(&script, tls).await;
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let (session, url) = (session.clone(), server.url());
            calls.spawn(async move { fetch_with(&session, Request::get(url)).await });
        }
        for call in bounded(calls.join_all()).await {
            call.expect("200");
        }
        assert_eq!(server.connections(), 2, "over TLS: {tls}");
    }
}

/// The call that opens the connection for all others may be dropped.
#[tokio::test]
async fn a_dropped_call_lets_the_next_call_connect() {
    let script = Script::new();
    script.get("/").text("ok");
    let (server, session) = known_server(&script, true).await;
    let call = || fetch_with(&session, Request::get(server.url()));
    let mut first = Box::pin(call());
    let mut others = Box::pin(async { tokio::join!(call(), call(), call()) });
    // The first call connects, and the others wait for it.
    assert!(is_pending(&mut first).await);
    assert!(is_pending(&mut others).await);
    drop(first);
    let (one, two, three) = others.await;
    for response in [one, two, three] {
        response.expect("200");
    }
    assert!(server.connections() <= 3, "the first, that of the dropped call, and one more");
}

async fn is_pending<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

/// Answers one request on the first connection, and ends it with a GOAWAY of this last stream while a second
/// one waits. Answers one on a second connection. Reports when the client knows the limit of one stream.
async fn end_while_one_waits(
    listener: TcpListener,
    last: impl Fn(u32) -> u32,
    settled: oneshot::Sender<()>,
) -> std::io::Result<()> {
    let mut first = listener.accept().await?.0;
    // SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §6.5.2).
    greet(&mut first, &[0, 3, 0, 0, 0, 1]).await?;
    let (mut id, mut has_settled) = (0, false);
    while id == 0 || !has_settled {
        match next_frame(&mut first).await? {
            (SETTINGS, 0, _) => first.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
            (SETTINGS, ..) => has_settled = true,
            (HEADERS, _, stream) => id = stream,
            _ => {}
        }
    }
    let _ = settled.send(());
    // All tasks run on one thread: meanwhile the connection gets the second request.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let end = [last(id).to_be_bytes(), [0; 4]].concat();
    first.write_all(&frame(GOAWAY, 0, 0, &end)).await?;
    first.write_all(&ok(id)).await?;
    let mut second = listener.accept().await?.0;
    greet(&mut second, &[]).await?;
    let id = next_request(&mut second).await?;
    second.write_all(&ok(id)).await?;
    while next_frame(&mut second).await.is_ok() {}
    Ok(())
}

/// The errors of two requests with this method. The second waits for a stream when the connection ends.
async fn wait_for_a_stream(
    transport: Transport,
    method: Method,
    last: impl Fn(u32) -> u32,
) -> Vec<Error> {
    let (listener, url) = listener().await;
    let (settled, is_settled) = oneshot::channel();
    let session = session_over(transport, |builder| builder.http2_prior_knowledge(true));
    let call = || fetch_with(&session, Request::new(method.clone(), url.clone()).text("an order"));
    let second = async {
        is_settled.await.expect("a first request");
        call().await
    };
    let calls = async { tokio::join!(call(), second) };
    let (one, other) = tokio::select! {
        outcomes = calls => outcomes,
        ended = end_while_one_waits(listener, last, settled) => panic!("the server ended: {ended:?}"),
    };
    [one.err(), other.err()].into_iter().flatten().collect()
}

/// hyper drops a request that waits for a stream, and reports that the runtime is gone.
#[tokio::test]
async fn a_request_that_waits_for_a_stream_is_not_a_runtime_error() {
    for transport in TRANSPORTS {
        let errors = wait_for_a_stream(transport, Method::PUT, |last| last).await;
        assert!(errors.is_empty(), "{transport:?} {errors:?}");
    }
}

/// The frames show that the server did not take it.
#[tokio::test]
async fn a_post_excluded_by_goaway_before_its_stream_opens_is_resent() {
    let errors = wait_for_a_stream(Transport::Direct, Method::POST, |last| last).await;
    assert!(errors.is_empty(), "{errors:?}");
    // The frames of reqwest's client are not visible.
    let errors = wait_for_a_stream(Transport::Reqwest, Method::POST, |last| last).await;
    let facts: Vec<_> = errors.iter().map(|error| (error.kind(), error.sent())).collect();
    assert_eq!(facts, [(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe)]);
}

/// The first GOAWAY of a graceful shutdown excludes no stream (RFC 9113 §6.8).
#[tokio::test]
async fn a_post_below_the_last_stream_of_a_goaway_may_have_been_processed() {
    for transport in TRANSPORTS {
        let errors = wait_for_a_stream(transport, Method::POST, |_| 0x7fff_ffff).await;
        let facts: Vec<_> = errors.iter().map(|error| (error.kind(), error.sent())).collect();
        assert_eq!(facts, [(ErrorKind::Disconnected(DisconnectedError::Closed), Sent::Maybe)]);
        let errors = wait_for_a_stream(transport, Method::PUT, |_| 0x7fff_ffff).await;
        assert!(errors.is_empty(), "{transport:?} {errors:?}");
    }
}

/// Only the direct sender distinguishes the end of a stream from a reset that hyper treats as the end.
#[tokio::test]
async fn an_http2_body_without_a_length_needs_its_end() {
    let (listener, url) = listener().await;
    let server = async {
        let mut stream = listener.accept().await?.0;
        greet(&mut stream, &[]).await?;
        let id = next_request(&mut stream).await?;
        stream.write_all(&frame(HEADERS, END_HEADERS, id, &[0x88])).await?;
        stream.write_all(&frame(DATA, 0, id, b"part")).await?;
        stream.write_all(&frame(RST_STREAM, 0, id, &[0; 4])).await?;
        while next_frame(&mut stream).await.is_ok() {}
        Ok::<(), std::io::Error>(())
    };
    let session = session(|builder| builder.http2_prior_knowledge(true));
    let error = tokio::select! {
        outcome = fetch_with(&session, Request::get(url)) => outcome.expect_err("cut short"),
        ended = server => panic!("the server ended: {ended:?}"),
    };
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
}

/// A literal header field without indexing (RFC 7541 §6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| u8::try_from(text.len()).ok().filter(|it| *it < 127).expect("short");
    let mut field = vec![0, length(name)];
    field.extend(name.bytes());
    field.push(length(value));
    field.extend(value.bytes());
    field
}

/// The answer on one stream: headers, data, and the code of a reset, if any.
type Answered = (Vec<(&'static str, &'static str)>, &'static str, Option<u32>);

/// Answers each stream with the next of these, over one connection.
async fn answer_streams(listener: TcpListener, answers: Vec<Answered>) -> std::io::Result<()> {
    let (mut stream, _) = listener.accept().await?;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    let mut answers = answers.into_iter();
    loop {
        match next_frame(&mut stream).await? {
            (SETTINGS, 0, _) => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
            (HEADERS, _, id) => {
                let (headers, data, reset) = answers.next().expect("no more streams");
                let head: Vec<u8> =
                    headers.iter().flat_map(|(name, value)| literal(name, value)).collect();
                let end = if reset.is_none() { END_STREAM } else { 0 };
                if data.is_empty() {
                    stream.write_all(&frame(HEADERS, END_HEADERS | end, id, &head)).await?;
                } else {
                    stream.write_all(&frame(HEADERS, END_HEADERS, id, &head)).await?;
                    stream.write_all(&frame(DATA, end, id, data.as_bytes())).await?;
                }
                if let Some(code) = reset {
                    // Wait until the client has read the earlier frames, which a reset may overtake.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    stream.write_all(&frame(RST_STREAM, 0, id, &code.to_be_bytes())).await?;
                }
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_reset_stream_is_resumed_if_possible() {
    const INTERNAL_ERROR: u32 = 2;
    const CANCEL: u32 = 8;
    let part =
        |range: &'static str| vec![(":status", "206"), ("etag", "\"a\""), ("content-range", range)];
    let whole = vec![(":status", "200"), ("etag", "\"a\""), ("content-length", "9")];
    let events = vec![(":status", "200"), ("content-type", "text/event-stream")];
    for transport in TRANSPORTS {
        let session = session_over(transport, |builder| builder.http2_prior_knowledge(true));

        let (listener, url) = listener().await;
        let server = tokio::spawn(answer_streams(
            listener,
            vec![
                (whole.clone(), "one", Some(INTERNAL_ERROR)),
                (part("bytes 3-8/9"), "two", Some(CANCEL)),
                (part("bytes 6-8/9"), "six", None),
            ],
        ));
        let request = Request::get(url).reads::<Download>();
        let mut download: Download =
            fetch_with(&session, request).await.expect("200").read().expect("open");
        let mut text = Vec::new();
        while let Some(part) = bounded(download.part()).await.expect("resumed") {
            text.extend_from_slice(&part);
        }
        assert_eq!(text, b"onetwosix");
        server.abort();

        let (listener, url) = super::connections::listener().await;
        let server = tokio::spawn(answer_streams(
            listener,
            vec![
                (events.clone(), "retry:1\nid:1\ndata:a\n\ndata:lost", Some(INTERNAL_ERROR)),
                (events.clone(), "data:b\n\n", None),
                (vec![(":status", "204")], "", None),
            ],
        ));
        let request = Request::get(url).reads::<Events<String>>();
        let mut stream: Events<String> =
            fetch_with(&session, request).await.expect("200").read().expect("open");
        for expected in [Some("a"), Some("b"), None] {
            let event = bounded(stream.event()).await.expect("connected again");
            assert_eq!(event.as_deref(), expected);
        }
        server.abort();

        let (listener, url) = super::connections::listener().await;
        let server = tokio::spawn(answer_streams(
            listener,
            vec![(vec![(":status", "200")], "one\ntw", Some(INTERNAL_ERROR))],
        ));
        let request = Request::get(url).reads::<Lines>();
        let mut lines: Lines =
            fetch_with(&session, request).await.expect("200").read().expect("open");
        assert_eq!(bounded(lines.line()).await.expect("a line").as_deref(), Some("one"));
        let error = bounded(lines.line()).await.expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::Reset));
        server.abort();
    }
}
