//! Connections as a server sees them: when they are closed, and when they are reused.

use backstop::{DisconnectedError, ErrorKind, Request, Sent};
use backstop_tests::{Answer, Server};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::support::{TRANSPORTS, Transport, bounded, fetch_with, session, session_over};

/// A listener and its URL.
pub(super) async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
    let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
    (listener, url)
}

/// Reads a request up to and including these bytes.
async fn read_up_to(stream: &mut TcpStream, end: &[u8]) {
    let mut read = Vec::new();
    while !read.ends_with(end) {
        read.push(stream.read_u8().await.expect("a request"));
    }
}

/// The server has the whole request, which it may process, and then reads the end of the connection.
/// The next call opens another connection.
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

/// A body that has its announced length is not read further, and the connection is reused.
#[tokio::test]
async fn a_connection_is_reused_after_a_body_of_known_length() {
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

/// More of an error's body is read than is kept, so that five calls need one connection.
#[tokio::test]
async fn a_short_body_of_an_error_is_read_to_its_end() {
    for (length, connections) in [(64 * 1024, 1), (256 * 1024, 1), (256 * 1024 + 1, 5)] {
        for transport in TRANSPORTS {
            let server = Server::always(Answer::new(404, vec![b'x'; length]));
            let session = session_over(transport, |builder| builder);
            for _ in 0..5 {
                let error =
                    fetch_with(&session, Request::get(server.url())).await.expect_err("404");
                assert_eq!(error.kind(), ErrorKind::Status(404));
                assert_eq!(error.body().len(), 8 * 1024);
            }
            assert_eq!(server.connections(), connections, "{length} {transport:?}");
        }
    }
}

const UNSENT: ErrorKind = ErrorKind::Disconnected(DisconnectedError::Unsent);

/// A server that sends first has not read the request: neither a greeting nor an HTTP response
/// answers it.
#[tokio::test]
async fn bytes_before_the_request_are_not_a_response() {
    for greeting in ["SSH-2.0-OpenSSH_9.6\r\n", "HTTP/1.1 503 Busy\r\n\r\n"] {
        for transport in TRANSPORTS {
            let (listener, url) = listener().await;
            let session = session_over(transport, |builder| builder);
            let call = fetch_with(&session, Request::post(url).text("an order"));
            let server = async {
                let mut streams = Vec::new();
                while let Ok((mut stream, _)) = listener.accept().await {
                    let _ = stream.write_all(greeting.as_bytes()).await;
                    streams.push(stream);
                }
            };
            let error = tokio::select! {
                outcome = call => outcome.expect_err(greeting),
                () = server => unreachable!("the server never ends"),
            };
            // The kernel decides whether the greeting or the request is sent first.
            match error.sent() {
                Sent::No => {
                    let expected = match transport {
                        Transport::Direct => &[ErrorKind::Protocol][..],
                        // It does not recognize a new connection.
                        Transport::Reqwest => &[ErrorKind::Protocol, UNSENT],
                    };
                    assert!(expected.contains(&error.kind()), "{error:#}");
                    assert!(format!("{error:#}").contains("before"), "{error:#}");
                }
                _ => assert!(
                    matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Status(503)),
                    "{error:#}"
                ),
            }
        }
    }
}
