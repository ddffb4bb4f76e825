//! A connection, with or without TLS, and in any number of layers of it.

use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

/// A connection whose TCP stream can be reached, to be rude on it. Reading is buffered: a head is
/// read byte by byte.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {
    /// The stream at the bottom.
    fn tcp(&mut self) -> &mut TcpStream;
}

impl Socket for BufReader<TcpStream> {
    fn tcp(&mut self) -> &mut TcpStream {
        self.get_mut()
    }
}

impl Socket for BufReader<TlsStream<Box<dyn Socket>>> {
    fn tcp(&mut self) -> &mut TcpStream {
        self.get_mut().get_mut().0.tcp()
    }
}
