//! Produces failures of connections without a network: the sender's own client uses a connector that fails,
//! or that connects to bytes in memory. hyper then fails as it does over a socket. A script's faults use it.

use std::{
    error::Error as StdError,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use http::Uri;
use http_body::Body as _;
use hyper::{
    body::Incoming,
    rt::{Executor, Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::{
        self, Client,
        connect::{Connected, Connection, HttpConnector, dns::Name},
    },
    rt::TokioIo,
};
use tokio::task::AbortHandle;
use tower_service::Service;

use super::{
    failure::{Failure, NotResolved, tcp_failure},
    limits::Permits,
    wire::Wire,
};
use crate::{
    error::{BodyError, ConnectError, DisconnectedError, ErrorKind, TimeoutError},
    handover::{Handover, WatchedBody},
    send_body::SendBody,
};

/// The failure of a hop without a head: a failed or lost connection, or bytes that are not HTTP. Also returns
/// whether certainly nothing was sent. None for a kind that has another origin.
pub(crate) async fn no_head(kind: ErrorKind) -> Option<(legacy::Error, bool)> {
    let peer = match kind {
        ErrorKind::Connect(leaf) => Peer::Unreachable(kind_of_connecting(leaf)),
        ErrorKind::Timeout(TimeoutError::Connect) => {
            Peer::Unreachable(|| Failure::timed_out("the server was not reached in time".into()))
        }
        ErrorKind::Disconnected(leaf) => Peer::Reached(match leaf {
            DisconnectedError::Unsent => Play { before: true, ..Play::new(b"", End::Closed) },
            DisconnectedError::Closed => Play::new(b"", End::Closed),
            DisconnectedError::Reset => Play::new(b"", End::Reset),
            DisconnectedError::Runtime => Play::new(b"", End::Gone),
        }),
        ErrorKind::Protocol => Peer::Reached(Play::new(b"SSH-2.0-server\r\n\r\n", End::Closed)),
        _ => return None,
    };
    let (outcome, handover) = ask(peer).await;
    Some((outcome.err()?, handover.is_unsent()))
}

/// The failure of a body. None for a leaf that has another origin.
pub(crate) async fn body(leaf: BodyError) -> Option<hyper::Error> {
    const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
    const CHUNKS: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n";
    let play = match leaf {
        BodyError::Truncated => Play::new(WHOLE, End::Closed),
        BodyError::Reset => Play::new(WHOLE, End::Reset),
        BodyError::Framing => Play::new(CHUNKS, End::Closed),
        BodyError::Decompress | BodyError::TooLarge | BodyError::Storage => return None,
    };
    let (tasks, asked) = client(Peer::Reached(play));
    let mut body = asked.await.0.ok()?.into_body();
    let failed = loop {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    drop(tasks);
    failed
}

/// The failure of connecting.
type NotMade = fn() -> Failure;

fn kind_of_connecting(leaf: ConnectError) -> NotMade {
    match leaf {
        ConnectError::Dns => || Failure::new(ConnectError::Dns, "made by the resolver"),
        ConnectError::Refused => || tcp_failure(TcpFailed::boxed(io::ErrorKind::ConnectionRefused)),
        ConnectError::Other => || tcp_failure(TcpFailed::boxed(io::ErrorKind::NetworkUnreachable)),
        ConnectError::Proxy => || {
            let failure = tcp_failure(TcpFailed::boxed(io::ErrorKind::ConnectionRefused));
            Failure::proxy("proxy.test:3128", "refused the connection", Some(failure.into()))
        },
        #[cfg(feature = "rustls")]
        ConnectError::Tls => || {
            super::failure::tls_failure(of_rustls(rustls::Error::AlertReceived(
                rustls::AlertDescription::HandshakeFailure,
            )))
        },
        #[cfg(feature = "rustls")]
        ConnectError::Certificate => || {
            super::failure::tls_failure(of_rustls(rustls::Error::InvalidCertificate(
                rustls::CertificateError::UnknownIssuer,
            )))
        },
        #[cfg(not(feature = "rustls"))]
        ConnectError::Tls => || Failure::new(ConnectError::Tls, "the handshake failed"),
        #[cfg(not(feature = "rustls"))]
        ConnectError::Certificate => {
            || Failure::new(ConnectError::Certificate, "the certificate has an unknown issuer")
        }
    }
}

/// An error of a TLS stream.
#[cfg(feature = "rustls")]
fn of_rustls(error: rustls::Error) -> crate::error::BoxError {
    io::Error::new(io::ErrorKind::InvalidData, error).into()
}

/// A failed TCP connection, with the text of hyper-util's connector.
#[derive(Debug)]
struct TcpFailed(io::Error);

impl TcpFailed {
    fn boxed(kind: io::ErrorKind) -> crate::error::BoxError {
        Box::new(Self(kind.into()))
    }
}

impl fmt::Display for TcpFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tcp connect error")
    }
}

impl StdError for TcpFailed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// The response of the peer, and the handover of the request.
type Asked = (Result<http::Response<Incoming>, legacy::Error>, Handover);

/// Sends a request to the peer.
async fn ask(peer: Peer) -> Asked {
    let (_tasks, asked) = client(peer);
    asked.await
}

/// A client that is connected to the peer, and its request.
fn client(peer: Peer) -> (Tasks, impl Future<Output = Asked> + Send) {
    let tasks = Tasks::default();
    let connector = Connector { peer, tasks: tasks.clone() };
    let client: Client<_, WatchedBody> = Client::builder(tasks.clone()).build(connector);
    let handover = Handover::default();
    let mut request = http::Request::new(handover.watch(SendBody::None));
    *request.uri_mut() = Uri::from_static("http://memory.test/");
    let response = client.request(request);
    (tasks, async move { (response.await, handover) })
}

/// The tasks of connections, which end with the client.
#[derive(Clone, Default)]
struct Tasks(Arc<Spawned>);

#[derive(Default)]
struct Spawned(Mutex<Vec<AbortHandle>>);

impl Spawned {
    fn abort(&self) {
        for task in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

impl Drop for Spawned {
    fn drop(&mut self) {
        self.abort();
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        let task = tokio::spawn(future).abort_handle();
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }
}

/// The other end of a connection.
#[derive(Clone)]
enum Peer {
    Unreachable(NotMade),
    Reached(Play),
}

/// The bytes that a connection receives.
#[derive(Clone)]
struct Play {
    bytes: &'static [u8],
    end: End,
    /// Whether they arrive before a request was written.
    before: bool,
}

#[derive(Clone, Copy)]
enum End {
    Closed,
    Reset,
    /// The task of the connection is dropped, as if its runtime had ended.
    Gone,
}

impl Play {
    fn new(bytes: &'static [u8], end: End) -> Self {
        Self { bytes, end, before: false }
    }
}

#[derive(Clone)]
struct Connector {
    peer: Peer,
    tasks: Tasks,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wire<Memory>>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Self { peer, tasks } = self.clone();
        Box::pin(async move {
            match peer {
                Peer::Reached(play) => {
                    let has_written = play.before;
                    let tasks = Arc::downgrade(&tasks.0);
                    Ok(Wire::over(
                        Memory { play, has_written, reader: None, tasks },
                        None,
                        Permits::default(),
                    ))
                }
                Peer::Unreachable(not_made) => match not_made() {
                    failure if failure.kind == ErrorKind::Connect(ConnectError::Dns) => {
                        let mut tcp = HttpConnector::new_with_resolver(NoResolver);
                        match tcp.call(server).await {
                            Ok(_) => Err(failure),
                            Err(error) => Err(tcp_failure(error.into())),
                        }
                    }
                    failure => Err(failure),
                },
            }
        })
    }
}

/// A resolver that fails for every name.
#[derive(Clone)]
struct NoResolver;

impl Service<Name> for NoResolver {
    type Response = std::iter::Empty<std::net::SocketAddr>;
    type Error = NotResolved;
    type Future = std::future::Ready<Result<Self::Response, NotResolved>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NotResolved>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        let says = "failed to lookup address information: Name or service not known";
        std::future::ready(Err(NotResolved(io::Error::other(says).into())))
    }
}

/// A connection to a play.
struct Memory {
    play: Play,
    has_written: bool,
    reader: Option<Waker>,
    tasks: std::sync::Weak<Spawned>,
}

impl Connection for Memory {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_written {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        if !self.play.bytes.is_empty() {
            let length = self.play.bytes.len().min(buffer.remaining());
            let (now, later) = self.play.bytes.split_at(length);
            buffer.put_slice(now);
            self.play.bytes = later;
            return Poll::Ready(Ok(()));
        }
        match self.play.end {
            End::Closed => Poll::Ready(Ok(())),
            End::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            End::Gone => {
                // Of the task that polls this connection, which ends when it waits.
                if let Some(tasks) = self.tasks.upgrade() {
                    tasks.abort();
                }
                Poll::Pending
            }
        }
    }
}

impl Write for Memory {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
