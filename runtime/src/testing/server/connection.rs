//! An accepted connection, plain or over TLS, which can be reset.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A connection. When dropped, it is reset if it was marked, and closed otherwise.
pub(super) struct Connection {
    stream: Stream,
    is_reset: Arc<AtomicBool>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Marks a connection to be reset when it ends.
#[derive(Clone)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Reset {
    pub(super) fn mark(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Connection {
    /// Also returns whether the client negotiated HTTP/2.
    pub(super) async fn accept(
        stream: TcpStream,
        tls: Option<&Arc<rustls::ServerConfig>>,
    ) -> io::Result<(Self, bool)> {
        let is_reset = Arc::default();
        let Some(config) = tls else {
            return Ok((Self { stream: Stream::Plain(stream), is_reset }, false));
        };
        let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok((Self { stream: Stream::Tls(Box::new(stream)), is_reset }, is_http2))
    }

    pub(super) fn reset(&self) -> Reset {
        Reset(Arc::clone(&self.is_reset))
    }

    fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.is_reset.load(Ordering::SeqCst) {
            // If the option cannot be set, the socket is merely closed.
            let _ = self.tcp().set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A reset connection does not shut down TLS.
        if self.is_reset.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
