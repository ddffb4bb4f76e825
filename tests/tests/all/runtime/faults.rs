//! Faults of the network, each with exactly one kind.

use std::time::Duration;

use backstop::{
    BodyError, ConnectError, DisconnectedError, ErrorKind, Request, Sent, TimeoutError,
};
use backstop_tests::{Answer, Server};

use crate::support::{fetch, fetch_with, session};

fn refused_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}/", listener.local_addr().expect("an address"))
}

#[tokio::test]
async fn failed_connections_have_their_leaf() {
    let error = fetch(Request::get(refused_port())).await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Refused));
    assert_eq!((error.sent(), error.attempts()), (Sent::No, 1));

    let error = fetch(Request::get("http://host.invalid/")).await.expect_err("no such name");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Dns), "{error:#}");

    // A server of plain HTTP cannot complete the TLS handshake.
    let server = Server::always(Answer::new(200, ""));
    let url = server.url().replace("http://", "https://");
    let error = fetch(Request::get(url)).await.expect_err("no TLS");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Tls), "{error:#}");
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn failed_proxies_have_their_leaf() {
    let proxy = Server::always(Answer::new(502, ""));
    let url = proxy.url();
    let session =
        session(|builder| builder.proxy(backstop::reqwest::Proxy::all(&url).expect("a proxy")));
    let error = fetch_with(&session, Request::get("https://host.invalid/")).await.expect_err("502");
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectError::Proxy), "{error:#}");
}

#[tokio::test]
async fn missing_responses_have_their_leaf() {
    for (answer, kind) in [
        (Answer::Close, ErrorKind::Disconnected(DisconnectedError::Closed)),
        (Answer::Reset, ErrorKind::Disconnected(DisconnectedError::Reset)),
        (Answer::Raw(b"HTTP/1.1 2".to_vec()), ErrorKind::Disconnected(DisconnectedError::Closed)),
        (Answer::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), ErrorKind::Protocol),
        (Answer::Raw(b"HTTP/1.1 99999 No\r\n\r\n".to_vec()), ErrorKind::Protocol),
    ] {
        let server = Server::always(answer);
        let error = fetch(Request::post(server.url()).json(&1)).await.expect_err("no response");
        assert_eq!(error.kind(), kind, "{error:#}");
        assert_ne!(error.sent(), Sent::No);
        assert_eq!(server.asked().len(), 1, "sent once");
    }
}

#[tokio::test]
async fn broken_bodies_have_their_leaf() {
    let with = |head: &str, body: &[u8]| {
        let mut bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n").into_bytes();
        bytes.extend_from_slice(body);
        Answer::Raw(bytes)
    };
    for (answer, leaf) in [
        (with("content-length: 9", b"part"), BodyError::Truncated),
        (with("transfer-encoding: chunked", b"4\r\npart\r\n"), BodyError::Truncated),
        (with("transfer-encoding: chunked", b"zz\r\npart\r\n"), BodyError::Framing),
        (with("content-encoding: gzip\r\ncontent-length: 4", b"part"), BodyError::Decompress),
    ] {
        let server = Server::always(answer);
        let error = fetch(Request::get(server.url())).await.expect_err("a broken body");
        assert_eq!(error.kind(), ErrorKind::Body(leaf), "{error:#}");
        assert_eq!(error.sent(), Sent::Yes);
        assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    }
}

#[tokio::test]
async fn a_body_stops_at_its_limit() {
    for answer in [
        Answer::new(200, "0123456789"),
        Answer::Raw(b"HTTP/1.1 200 OK\r\n\r\n0123456789".to_vec()),
        Answer::Raw(
            b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n".to_vec(),
        ),
    ] {
        let server = Server::always(answer);
        let response = fetch(Request::get(server.url()).max_body(10)).await.expect("10 of 10");
        assert_eq!(response.bytes().expect("read").len(), 10);
        let error = fetch(Request::get(server.url()).max_body(9)).await.expect_err("10 of 9");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
        let small = session(|builder| builder.max_body(9));
        let error = fetch_with(&small, Request::get(server.url())).await.expect_err("10 of 9");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
    }
}

/// A server may announce any length.
#[tokio::test]
async fn an_announced_length_does_not_allocate() {
    for length in [1_u64 << 40, 1 << 62] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let body = "x".repeat(100_000);
        let server = Server::always(Answer::Raw((head + &body).into_bytes()));
        let error =
            fetch(Request::get(server.url()).max_body(u64::MAX)).await.expect_err("cut short");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
    }
}

#[tokio::test]
async fn the_wait_for_the_body_of_an_error_is_short() {
    let server =
        Server::always(Answer::Stall(b"HTTP/1.1 503 No\r\ncontent-length: 9\r\n\r\npart".to_vec()));
    let error = fetch(Request::get(server.url()).timeout(None)).await.expect_err("503");
    assert_eq!((error.kind(), &error.body()[..]), (ErrorKind::Status(503), &b"part"[..]));
}

#[tokio::test]
async fn a_status_error_survives_a_broken_body() {
    let server =
        Server::always(Answer::Raw(b"HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\npart".to_vec()));
    let error = fetch(Request::get(server.url())).await.expect_err("500");
    assert_eq!(error.kind(), ErrorKind::Status(500));
    assert_eq!(error.body(), "part");
}

#[tokio::test]
async fn connecting_has_its_own_timeout() {
    // A listener whose backlog is full does not answer another SYN.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let listener = socket.listen(1).expect("listening");
    let address = listener.local_addr().expect("an address");
    let mut full = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(200), tokio::net::TcpStream::connect(address))
            .await
    {
        full.push(stream);
        assert!(full.len() < 100, "the backlog never fills");
    }
    let quick = session(|builder| builder.connect_timeout(Duration::from_millis(100)));
    let error = fetch_with(&quick, Request::get(format!("http://{address}/")))
        .await
        .expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Connect));
    assert_eq!(error.sent(), Sent::No);
}
