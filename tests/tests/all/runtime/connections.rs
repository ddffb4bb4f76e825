//! What a server sees of a connection: when it closes, and how often a stream is opened on it.

use std::time::Duration;

use backstop::{DisconnectedError, Error, ErrorKind, Request, Retry, Sent};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::support::{bounded, fetch_with, session};

/// A listener, and the URL that leads to it.
async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
    let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    (listener, url)
}

/// Reads a request up to these bytes.
async fn read_up_to(stream: &mut TcpStream, end: &[u8]) {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await.expect("a request"));
    }
}

/// The server has the whole request, which it may process, and then reads the end of the connection;
/// the next call has another.
#[tokio::test]
async fn a_call_that_is_dropped_closes_its_connection() {
    let (listener, url) = listener().await;
    let session = session(|builder| builder);
    let accept = async || listener.accept().await.expect("a connection").0;
    let call = session.fetch(Request::post(url.clone()).text("an order"));
    let mut first = tokio::select! {
        _ = call => panic!("nothing was answered"),
        stream = async {
            let mut stream = accept().await;
            read_up_to(&mut stream, b"an order").await;
            stream
        } => stream,
    };
    let after = bounded(first.read(&mut [0])).await.expect("no reset");
    assert_eq!(after, 0, "the end of the connection");

    let answer = async {
        let mut second = accept().await;
        read_up_to(&mut second, b"\r\n\r\n").await;
        second.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("a client");
    };
    let (response, ()) = tokio::join!(fetch_with(&session, Request::get(url)), answer);
    response.expect("204");
}

/// A body that is as long as was announced is not asked for its end, and the connection serves on.
#[tokio::test]
async fn a_body_of_known_length_leaves_its_connection_as_it_was() {
    let (listener, url) = listener().await;
    let session = session(|builder| builder);
    let server = async {
        let mut stream = listener.accept().await.expect("a connection").0;
        for (status, parts) in [
            ("200 OK", &[][..]),
            ("200 OK", &["ok"]),
            ("404 Not Found", &["no"]),
            ("200 OK", &["o", "k"]),
        ] {
            read_up_to(&mut stream, b"\r\n\r\n").await;
            let length = parts.concat().len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.expect("a client");
            for part in parts {
                tokio::task::yield_now().await;
                stream.write_all(part.as_bytes()).await.expect("a client");
            }
        }
    };
    let calls = async {
        let mut texts = Vec::new();
        for _ in 0..4 {
            texts.push(match fetch_with(&session, Request::get(url.clone())).await {
                Ok(response) => response.text().expect("UTF-8"),
                Err(error) => String::from_utf8_lossy(error.body()).into_owned(),
            });
        }
        texts
    };
    let (texts, ()) = bounded(async { tokio::join!(calls, server) }).await;
    assert_eq!(texts, ["", "ok", "no", "ok"]);
}

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

/// Speaks HTTP/2, refuses every stream, and says so.
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

/// A server that refuses every stream is not asked without end: five times more for each attempt, which
/// are no attempts themselves.
#[tokio::test]
async fn a_refused_stream_is_opened_a_few_times_for_each_attempt() {
    for tries in [0, 2] {
        let (listener, url) = listener().await;
        let (opened, mut streams) = mpsc::unbounded_channel();
        let server = tokio::spawn(refuse_streams(listener, opened));
        let session = session(|builder| {
            builder
                .configure(reqwest_http2)
                .retry(Retry::times(tries).backoff(Duration::ZERO..Duration::ZERO))
        });
        let error: Error =
            fetch_with(&session, Request::post(url).text("an order")).await.expect_err("refused");
        // The server says that it has not looked at it.
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

fn reqwest_http2(client: backstop::reqwest::ClientBuilder) -> backstop::reqwest::ClientBuilder {
    client.http2_prior_knowledge()
}

/// Answers `ok` on the first stream, of the length that it announces, and ends the stream later.
/// Output: whether the client reset it before.
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
            // What the client had to say of the data, it said before it answered the last.
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

/// Of HTTP/2, a stream has an end of its own.
#[tokio::test]
async fn a_body_of_known_length_does_not_reset_its_stream() {
    let (listener, url) = listener().await;
    let session = session(|builder| builder.configure(reqwest_http2));
    let server = async { end_late(listener.accept().await?.0).await };
    let call = fetch_with(&session, Request::get(url));
    let (response, reset) = bounded(async { tokio::join!(call, server) }).await;
    assert_eq!(response.expect("200").text().expect("UTF-8"), "ok");
    assert!(!reset.expect("frames"), "the stream was reset");
}
