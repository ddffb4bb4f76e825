//! Inspects the bytes of a connection as they pass. The first bytes show whether the peer sends first, and
//! whether it uses the negotiated version of HTTP. The frames of HTTP/2 show which streams the server
//! processes.

use std::{
    error::Error as StdError,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{http2, limits::Permits, streams::Frames};

/// The kind of this module's I/O errors. h2 keeps only the kind and the text. Reading from sockets and TLS
/// never fails with this kind.
pub(crate) const NOT_AS_AGREED: io::ErrorKind = io::ErrorKind::Unsupported;

/// A connection whose bytes are inspected as they pass: the first bytes, and the frames of HTTP/2.
///
/// It implements tokio's traits, because hyper's do not show which bytes were read.
pub(crate) struct Wire<T> {
    inner: TokioIo<T>,
    /// None for HTTP/1. Boxed, so that an HTTP/1 connection has no room for it.
    http2: Option<Box<Http2>>,
    /// The permits of the session's limits, until the connection is closed.
    _permits: Permits,
    has_written: bool,
    has_read: bool,
}

/// The state of an HTTP/2 connection.
struct Http2 {
    frames: Frames,
    connection: http2::Connection,
}

/// First bytes that no HTTP server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAsAgreed {
    /// Bytes on a connection before its first request: the greeting of another protocol, or a response to
    /// nothing.
    SpokeFirst,
    /// Bytes that are not HTTP/2, although HTTP/2 was negotiated.
    NotHttp2,
}

impl<T: Connection> Wire<T> {
    /// Wraps a connection to inspect it.
    pub(super) fn over(
        inner: T,
        http2: Option<http2::Connection>,
        permits: Permits,
    ) -> TokioIo<Self> {
        let http2 = http2.map(|connection| Box::new(Http2 { frames: Frames::new(), connection }));
        let inner = TokioIo::new(inner);
        TokioIo::new(Self { inner, http2, _permits: permits, has_written: false, has_read: false })
    }
}

impl<T> Wire<T> {
    /// Inspects bytes that arrived.
    fn received(&mut self, bytes: &[u8]) -> Result<(), NotAsAgreed> {
        if !self.has_read && !bytes.is_empty() {
            self.has_read = true;
            self.check(bytes)?;
        }
        if let Some(http2) = &mut self.http2 {
            http2.frames.received(bytes);
            if http2.frames.streams.has_goaway() {
                http2.connection.mark_ended();
            }
        }
        Ok(())
    }

    /// Checks the first bytes that arrive.
    fn check(&self, first: &[u8]) -> Result<(), NotAsAgreed> {
        if self.http2.is_none() {
            return if self.has_written { Ok(()) } else { Err(NotAsAgreed::SpokeFirst) };
        }
        // A server begins with SETTINGS (RFC 9113 §3.4), whose type is the fourth byte of its header.
        match first.get(3) {
            Some(&kind) if kind != 4 => Err(NotAsAgreed::NotHttp2),
            _ => Ok(()),
        }
    }

    /// Inspects bytes that were sent.
    fn sent<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>, mut length: usize) {
        let Some(http2) = &mut self.http2 else { return };
        for part in parts {
            let sent = &part[..length.min(part.len())];
            http2.frames.sent(sent);
            length -= sent.len();
        }
        if http2.frames.streams.has_opened() {
            http2.connection.mark_used();
        }
    }
}

impl<T: Connection> Connection for Wire<T> {
    fn connected(&self) -> Connected {
        let connected = self.inner.connected();
        match &self.http2 {
            // Also without negotiation, so that the pool has one rule for both.
            Some(http2) => connected.negotiated_h2().extra(Arc::clone(&http2.frames.streams)),
            None => connected,
        }
    }
}

impl<T: Read + Unpin> AsyncRead for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let arrived = &buffer.filled()[before..];
        Poll::Ready(self.received(arrived).map_err(|error| io::Error::new(NOT_AS_AGREED, error)))
    }
}

impl<T: Write + Unpin> AsyncWrite for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        let length = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        self.sent([bytes], length);
        Poll::Ready(Ok(length))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        let length = ready!(Pin::new(&mut self.inner).poll_write_vectored(context, slices))?;
        self.sent(slices.iter().map(|slice| &**slice), length);
        Poll::Ready(Ok(length))
    }
}

impl fmt::Display for NotAsAgreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SpokeFirst => "the server sent bytes before the request",
            Self::NotHttp2 => "the server negotiated HTTP/2, but sent something else",
        })
    }
}

impl StdError for NotAsAgreed {}
