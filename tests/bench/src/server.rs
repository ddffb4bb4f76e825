//! The server: HTTP/1.1 with keep-alive and nothing else, so that the clients are what is measured.

use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Where it listens. Its port is fixed, as the URLs of the clients are literals, like those of
/// programs.
pub(crate) const ADDRESS: &str = "127.0.0.1:18640";

/// A JSON object of 200 bytes.
const USER: &str = concat!(
    r#"{"id":7,"name":"Ada Lovelace","about":""#,
    "The Analytical Engine weaves algebraic patterns just as the Jacquard loom weaves flowers and ",
    r#"leaves. "#,
    "0123456789012345678901234567890123456789012345678901234567",
    r#""}"#
);
const _: () = assert!(USER.len() == 200);

/// Serves until standard input ends: when the bench ends, however it does, so does its server.
pub(crate) fn run() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(ADDRESS).await?;
        println!("listening");
        std::thread::spawn(|| {
            // Nothing is ever written to it.
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            std::process::exit(0)
        });
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A client that goes away is none of the server's trouble.
            tokio::spawn(async move { drop(serve(stream).await) });
        }
    })
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut requests = 0_u64;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let length = loop {
            if let Some(length) = request_length(&buffer) {
                break length;
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let target = buffer.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        // Of two requests on a connection, the first fails.
        let status = match target.split(|byte| *byte == b'/').nth(1) {
            Some(b"missing") => "404 Not Found",
            Some(b"flaky") if requests.is_multiple_of(2) => "503 Service Unavailable",
            _ => "200 OK",
        };
        let response = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{USER}",
            USER.len()
        );
        stream.write_all(response.as_bytes()).await?;
        buffer.drain(..length);
        requests += 1;
    }
}

/// How long the first request in the buffer is, if all of it is there.
fn request_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let body = buffer[..head].split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked("content-length:".len())?;
        let is_length = name.eq_ignore_ascii_case(b"content-length:");
        is_length.then(|| str::from_utf8(value).ok()?.trim().parse::<usize>().ok())?
    });
    let length = head + body.unwrap_or(0);
    (buffer.len() >= length).then_some(length)
}
