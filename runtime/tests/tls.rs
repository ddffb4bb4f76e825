//! Which TLS library connects, by the features of this crate. Their errors differ when a server does not
//! speak TLS.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
};

use backstop::{Error, ErrorKind, Request, Sent, Session};

/// A server of plain HTTP with an `https` URL. It serves one connection.
fn plain_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let address = listener.local_addr().expect("a bound socket has an address");
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        // A part of the client's handshake.
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        // Wait until the client closes, because closing with unread data would reset the connection.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    format!("https://{address}/")
}

async fn failures() -> Vec<Error> {
    let builder = || Session::builder().no_proxy();
    let sessions = [
        builder(),
        builder().use_reqwest(true),
        builder().configure(|client| client.user_agent("configured")),
    ];
    let mut failures = Vec::new();
    for session in sessions {
        let session = session.build().expect("a session");
        let outcome = session.fetch(Request::get(plain_server())).await;
        failures.push(outcome.expect_err("no TLS is spoken"));
    }
    failures
}

/// rustls reports this for a first byte that is not TLS.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn is_of_rustls(error: &Error) -> bool {
    format!("{error:#}").contains("InvalidContentType")
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn every_library_detects_a_server_without_tls() {
    for error in failures().await {
        assert_eq!(error.kind(), ErrorKind::Connect(backstop::ConnectError::Tls), "{error:#}");
        assert_eq!(error.sent(), Sent::No);
    }
}

/// Also if `native-tls` is enabled too, which reqwest then uses by default.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn rustls_is_used_even_with_native_tls() {
    for error in failures().await {
        assert!(is_of_rustls(&error), "{error:#}");
    }
}

#[cfg(all(feature = "native-tls", not(feature = "rustls")))]
#[tokio::test]
async fn native_tls_is_used_without_rustls() {
    for error in failures().await {
        assert!(!is_of_rustls(&error), "{error:#}");
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
#[tokio::test]
async fn without_tls_https_cannot_be_requested() {
    for error in failures().await {
        assert_eq!(error.kind(), ErrorKind::Build(backstop::BuildError::Url), "{error:#}");
        assert_eq!(error.sent(), Sent::No);
    }
}
