//! Playing a script on one connection.

use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    certificates,
    endpoint::Log,
    socket::Socket,
    step::{Handshake, Step},
};

/// How long the server waits for a peer to leave that does not.
const PATIENCE: Duration = Duration::from_secs(12);

/// Types of frames of HTTP/2 (RFC 9113 §6).
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;

/// Runs a script, and then closes.
pub(super) async fn play(stream: TcpStream, script: &[Step], log: Arc<Log>) {
    // Without a delay, each send is a segment of its own.
    let _ = stream.set_nodelay(true);
    let socket: Box<dyn Socket> = Box::new(BufReader::new(stream));
    let mut connection = Connection { socket: Some(socket), log, stream: 0 };
    // An error is the end of the connection, which is nothing to report: it is what was asked for,
    // or what the peer decided.
    if connection.steps(script).await.is_ok() {
        let _ = connection.step(&Step::Close).await;
    }
}

struct Connection {
    /// None once the connection has ended.
    socket: Option<Box<dyn Socket>>,
    log: Arc<Log>,
    /// The stream of HTTP/2 that was opened last.
    stream: u32,
}

impl Connection {
    async fn steps(&mut self, steps: &[Step]) -> io::Result<()> {
        for step in steps {
            self.step(step).await?;
        }
        Ok(())
    }

    /// Boxed, as a loop has steps of its own.
    fn step<'a>(
        &'a mut self,
        step: &'a Step,
    ) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>> {
        Box::pin(async move {
            match step {
                Step::ReadHead => self.read_head().await.map(drop),
                Step::ReadRequest => self.read_request().await,
                Step::Read(length) => {
                    self.socket()?.read_exact(&mut vec![0; *length]).await.map(drop)
                }
                Step::ReadStream => self.read_stream().await,
                Step::ResetStream(code) => {
                    let reset = [frame_head(4, RST_STREAM, self.stream), code.to_be_bytes().into()];
                    self.send(&reset.concat()).await
                }
                Step::Send(bytes) => self.send(bytes).await,
                Step::SendUnderTls(bytes) => self.socket()?.tcp().write_all(bytes).await,
                Step::Drip(bytes, every) => {
                    for byte in bytes {
                        sleep(*every).await;
                        self.send(&[*byte]).await?;
                    }
                    Ok(())
                }
                Step::Wait(time) => {
                    sleep(*time).await;
                    Ok(())
                }
                Step::Tls(handshake) => self.tls(*handshake).await,
                Step::Close => {
                    let mut socket = self.take()?;
                    socket.shutdown().await?;
                    drain(socket.tcp()).await;
                    Err(over())
                }
                Step::Fin => {
                    let mut socket = self.take()?;
                    socket.tcp().shutdown().await?;
                    drain(socket.tcp()).await;
                    Err(over())
                }
                Step::Reset => {
                    self.take()?.tcp().set_zero_linger()?;
                    Err(over())
                }
                Step::Hold => {
                    drain(self.take()?.tcp()).await;
                    Err(over())
                }
                Step::Loop(steps) => loop {
                    self.steps(steps).await?;
                },
            }
        })
    }

    fn socket(&mut self) -> io::Result<&mut Box<dyn Socket>> {
        self.socket.as_mut().ok_or_else(over)
    }

    fn take(&mut self) -> io::Result<Box<dyn Socket>> {
        self.socket.take().ok_or_else(over)
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let socket = self.socket()?;
        socket.write_all(bytes).await?;
        socket.flush().await
    }

    /// Reads frames (RFC 9113 §4.1) up to HEADERS, which hold the whole head of what the lab asks for.
    async fn read_stream(&mut self) -> io::Result<()> {
        loop {
            let mut head = [0; 9];
            let socket = self.socket()?;
            socket.read_exact(&mut head).await?;
            let [a, b, c, kind, _, stream @ ..] = head;
            skip(socket, u32::from_be_bytes([0, a, b, c]).into()).await?;
            if kind == HEADERS {
                self.stream = u32::from_be_bytes(stream);
                self.log.asked();
                return Ok(());
            }
        }
    }

    async fn tls(&mut self, handshake: Handshake) -> io::Result<()> {
        let acceptor = TlsAcceptor::from(certificates::server(handshake));
        match acceptor.accept(self.take()?).into_fallible().await {
            Ok(stream) => {
                self.socket = Some(Box::new(BufReader::new(stream)));
                Ok(())
            }
            // The alert was sent. Closing with the rest of the handshake unread would take it back.
            Err((error, mut socket)) => {
                socket.tcp().shutdown().await?;
                drain(socket.tcp()).await;
                Err(error)
            }
        }
    }

    async fn read_request(&mut self) -> io::Result<()> {
        let head = self.read_head().await?;
        let socket = self.socket()?;
        if field(&head, "transfer-encoding").is_some_and(|value| value.ends_with("chunked")) {
            return read_chunks(socket).await;
        }
        match field(&head, "content-length").and_then(|value| value.parse().ok()) {
            Some(length) => skip(socket, length).await,
            None => Ok(()),
        }
    }

    /// Reads a head, which ends with an empty line. It is counted once it is whole.
    async fn read_head(&mut self) -> io::Result<String> {
        let socket = self.socket()?;
        let mut head = String::new();
        loop {
            let line = read_line(socket).await?;
            if line.is_empty() {
                self.log.asked();
                return Ok(head);
            }
            head.push_str(&line);
            head.push('\n');
        }
    }
}

/// The head of a frame without flags.
fn frame_head(length: u8, kind: u8, stream: u32) -> Vec<u8> {
    [&[0, 0, length, kind, 0][..], &stream.to_be_bytes()].concat()
}

/// The value of a header in lower case: enough to find the end of a body.
fn field(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
    })
}

async fn read_chunks(socket: &mut Box<dyn Socket>) -> io::Result<()> {
    loop {
        let line = read_line(socket).await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
        if size == 0 {
            // Trailers, and the empty line after them.
            while !read_line(socket).await?.is_empty() {}
            return Ok(());
        }
        skip(socket, size).await?;
        read_line(socket).await?;
    }
}

async fn skip(socket: &mut Box<dyn Socket>, length: u64) -> io::Result<()> {
    let mut sink = vec![0; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let most = sink.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        match socket.read(&mut sink[..most]).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => left -= read as u64,
        }
    }
    Ok(())
}

/// A line without its end; each byte is a character.
async fn read_line(socket: &mut Box<dyn Socket>) -> io::Result<String> {
    let mut line = String::new();
    loop {
        match socket.read_u8().await? {
            b'\n' => break,
            byte => line.push(char::from(byte)),
        }
    }
    if line.ends_with('\r') {
        line.pop();
    }
    Ok(line)
}

/// Reads until the peer is gone.
async fn drain(stream: &mut (impl AsyncRead + Unpin)) {
    let mut sink = vec![0; 64 * 1024];
    let _ = timeout(PATIENCE, async {
        while matches!(stream.read(&mut sink).await, Ok(read) if read > 0) {}
    })
    .await;
}

/// What ends a script early.
fn over() -> io::Error {
    io::ErrorKind::NotConnected.into()
}
