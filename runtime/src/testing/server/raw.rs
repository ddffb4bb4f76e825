//! Raw steps: the bytes that a server reads and sends on a connection.

use std::{io, sync::atomic::Ordering, time::Duration};

use bytes::Bytes;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    time::sleep,
};

use super::{Counts, connection::Connection};

/// A step of a [raw](super::Server::raw) server on a connection, which is closed after the last step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Reads a whole HTTP/1.1 request.
    ReadRequest,
    /// Reads this number of bytes.
    Read(usize),
    /// Sends these bytes.
    Send(Bytes),
    /// Sends bytes one by one, with this pause before each.
    Drip(Bytes, Duration),
    /// Waits.
    Wait(Duration),
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
    /// Does nothing until the client closes the connection.
    Hold,
}

impl Step {
    /// Sends these bytes, or this text.
    pub fn send(bytes: impl Into<Bytes>) -> Self {
        Self::Send(bytes.into())
    }
}

/// Plays the steps to their end, or until the client closes the connection.
pub(super) async fn play(
    connection: Connection,
    steps: &[Step],
    counts: &Counts,
) -> io::Result<()> {
    let reset = connection.reset();
    let mut stream = BufReader::new(connection);
    for step in steps {
        match step {
            Step::ReadRequest => {
                read_request(&mut stream).await?;
                counts.requests.fetch_add(1, Ordering::SeqCst);
            }
            Step::Read(length) => {
                stream.read_exact(&mut vec![0; *length]).await?;
            }
            Step::Send(bytes) => {
                stream.write_all(bytes).await?;
                stream.flush().await?;
            }
            Step::Drip(bytes, every) => {
                for byte in bytes {
                    sleep(*every).await;
                    stream.write_all(&[*byte]).await?;
                    stream.flush().await?;
                }
            }
            Step::Wait(time) => sleep(*time).await,
            Step::Close => break,
            Step::Reset => {
                reset.mark();
                return Ok(());
            }
            Step::Hold => {
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                return Ok(());
            }
        }
    }
    stream.shutdown().await?;
    // Closing a connection with unread bytes would reset it.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

async fn read_request(stream: &mut BufReader<Connection>) -> io::Result<()> {
    let (mut length, mut is_chunked) = (0, false);
    loop {
        let line = read_line(stream).await?;
        let Some((name, value)) = line.split_once(':') else {
            // The request line, or the empty line that ends the head.
            if line.is_empty() { break } else { continue }
        };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.ends_with("chunked");
    }
    if !is_chunked {
        return skip(stream, length).await;
    }
    loop {
        let size = u64::from_str_radix(&read_line(stream).await?, 16);
        let size = size.map_err(|_| io::ErrorKind::InvalidData)?;
        skip(stream, size).await?;
        read_line(stream).await?;
        if size == 0 {
            return Ok(());
        }
    }
}

async fn skip(stream: &mut BufReader<Connection>, length: u64) -> io::Result<()> {
    let read = tokio::io::copy(&mut stream.take(length), &mut tokio::io::sink()).await?;
    if read < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Reads a line, without its line break.
async fn read_line(stream: &mut BufReader<Connection>) -> io::Result<String> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}
