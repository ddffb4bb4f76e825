//! Looks at the bytes of a connection as they pass. The first ones say whether the peer speaks first, and
//! whether it speaks the negotiated version of HTTP; the frames of HTTP/2, which streams the server takes.

use std::{
    error::Error as StdError,
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use hyper::rt::{Read, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{limits::Permits, streams::Frames};

/// The kind of this module's I/O errors, which h2 keeps, beside a text. Reading from sockets and TLS never
/// fails with it.
pub(crate) const NOT_AS_AGREED: io::ErrorKind = io::ErrorKind::Unsupported;

/// A connection whose bytes are looked at as they pass: the first ones, and of HTTP/2 the frames.
///
/// It speaks tokio's traits, as hyper's do not show what was read.
pub(crate) struct Wire<T> {
    inner: TokioIo<T>,
    /// Of HTTP/2, unless none. In a box: a connection of HTTP/1 has no room for it.
    http2: Option<Box<Http2>>,
    /// Those of the session's limits, until it is closed.
    _permits: Permits,
    has_written: bool,
    has_read: bool,
}

/// What is noted of a connection of HTTP/2.
struct Http2 {
    frames: Frames,
    _counted: Counted,
}

/// How many connections of HTTP/2 a pool has.
#[derive(Debug, Clone, Default)]
pub(super) struct Multiplexed(Arc<AtomicUsize>);

impl Multiplexed {
    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn count(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

/// One of the connections, as long as it lasts.
struct Counted(Multiplexed);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// First bytes that no HTTP server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAsAgreed {
    /// Bytes on a connection before its first request: the greeting of another protocol, or a response to
    /// nothing.
    SpokeFirst,
    /// Another protocol than HTTP/2, which was negotiated.
    NotHttp2,
}

impl<T: Connection> Wire<T> {
    /// The same connection, looked at.
    pub(super) fn over(
        inner: T,
        http2: bool,
        multiplexed: &Multiplexed,
        permits: Permits,
    ) -> TokioIo<Self> {
        let is_http2 = http2 || inner.connected().is_negotiated_h2();
        let http2 = is_http2
            .then(|| Box::new(Http2 { frames: Frames::new(), _counted: multiplexed.count() }));
        let inner = TokioIo::new(inner);
        TokioIo::new(Self { inner, http2, _permits: permits, has_written: false, has_read: false })
    }
}

impl<T> Wire<T> {
    /// Looks at bytes that arrived.
    fn received(&mut self, bytes: &[u8]) -> Result<(), NotAsAgreed> {
        if !self.has_read && !bytes.is_empty() {
            self.has_read = true;
            self.check(bytes)?;
        }
        if let Some(http2) = &mut self.http2 {
            http2.frames.received(bytes);
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

    /// Looks at bytes that were sent.
    fn sent<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>, mut length: usize) {
        let Some(http2) = &mut self.http2 else { return };
        for part in parts {
            let sent = &part[..length.min(part.len())];
            http2.frames.sent(sent);
            length -= sent.len();
        }
    }
}

impl<T: Connection> Connection for Wire<T> {
    fn connected(&self) -> Connected {
        let connected = self.inner.connected();
        match &self.http2 {
            Some(http2) => connected.extra(Arc::clone(&http2.frames.streams)),
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
            Self::NotHttp2 => "the server agreed to HTTP/2, and sent something else",
        })
    }
}

impl StdError for NotAsAgreed {}
