//! Checks the first bytes of a connection before hyper reads them: whether the peer speaks first, and whether
//! it speaks the negotiated version of HTTP.

use std::{
    error::Error as StdError,
    fmt, io,
    mem::MaybeUninit,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use super::limits::Permits;

/// The kind of this module's I/O errors, which h2 keeps, beside a text. Reading from sockets and TLS never
/// fails with it.
pub(crate) const NOT_AS_AGREED: io::ErrorKind = io::ErrorKind::Unsupported;

/// A connection whose first bytes are checked.
pub(crate) struct Wire<T> {
    inner: T,
    /// Of HTTP/2, unless none.
    http2: Option<Counted>,
    /// Those of the session's limits, until it is closed.
    _permits: Permits,
    has_written: bool,
    has_read: bool,
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
    pub(super) fn new(inner: T, http2: bool, multiplexed: &Multiplexed, permits: Permits) -> Self {
        let is_http2 = http2 || inner.connected().is_negotiated_h2();
        let http2 = is_http2.then(|| multiplexed.count());
        Self { inner, http2, _permits: permits, has_written: false, has_read: false }
    }
}

impl<T> Wire<T> {
    /// Checks the first bytes that arrive.
    fn check(&mut self, first: &[u8]) -> Result<(), NotAsAgreed> {
        self.has_read = true;
        if self.http2.is_none() {
            return if self.has_written { Ok(()) } else { Err(NotAsAgreed::SpokeFirst) };
        }
        // A server begins with SETTINGS (RFC 9113 §3.4), whose type is the fourth byte of its header.
        match first.get(3) {
            Some(&kind) if kind != 4 => Err(NotAsAgreed::NotHttp2),
            _ => Ok(()),
        }
    }
}

impl<T: Connection> Connection for Wire<T> {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

impl<T: Read + Unpin> Read for Wire<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_read {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        // The first read goes through a buffer of its own, as the contents of hyper's cannot be read. It is as
        // long as one read of hyper: after a short one, hyper reads again and doubles its buffer for that.
        let mut first = [MaybeUninit::uninit(); 8192];
        let length = buffer.remaining().min(first.len());
        let mut first = ReadBuf::uninit(&mut first[..length]);
        match Pin::new(&mut self.inner).poll_read(context, first.unfilled()) {
            Poll::Ready(Ok(())) => {}
            other => return other,
        }
        let bytes = first.filled();
        if !bytes.is_empty() {
            self.check(bytes).map_err(|error| io::Error::new(NOT_AS_AGREED, error))?;
            buffer.put_slice(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: Write + Unpin> Write for Wire<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        Pin::new(&mut self.inner).poll_write(context, bytes)
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
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
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
