//! The server: HTTP/1.1 with keep-alive and nothing else, so that the clients are what is measured.

use std::{
    io,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
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
        let target = str::from_utf8(target).unwrap_or_default();
        let mut segments = target.split(['/', '?']).skip(1);
        let (route, value) = (segments.next().unwrap_or_default(), segments.next());
        match route {
            // Of two requests on a connection, the first fails.
            "flaky" if requests.is_multiple_of(2) => {
                respond(&mut stream, "503 Service Unavailable", "", USER.as_bytes()).await?;
            }
            "missing" => respond(&mut stream, "404 Not Found", "", USER.as_bytes()).await?,
            "redirects" => {
                let left: u64 = value.and_then(|left| left.parse().ok()).unwrap_or(0);
                let location = match left {
                    0 => "location: /users/7\r\n".to_owned(),
                    left => format!("location: /redirects/{}\r\n", left - 1),
                };
                respond(&mut stream, "302 Found", &location, b"").await?;
            }
            "large" => respond(&mut stream, "200 OK", "", &LARGE).await?,
            "gzip" => respond(&mut stream, "200 OK", "content-encoding: gzip\r\n", GZIP).await?,
            "held" => {
                let all = value.and_then(|count| count.parse().ok()).unwrap_or(1);
                HELD.until(all).await;
                respond(&mut stream, "200 OK", "", USER.as_bytes()).await?;
            }
            _ => respond(&mut stream, "200 OK", "", USER.as_bytes()).await?,
        }
        buffer.drain(..length);
        requests += 1;
    }
}

async fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    body: &[u8],
) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await
}

/// A JSON array of a mebibyte.
static LARGE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let users = vec![USER; (1 << 20) / (USER.len() + 1)];
    format!("[{}]", users.join(",")).into_bytes()
});

/// A JSON array of 64 KiB, compressed: `gzip -9` of 326 users.
const GZIP: &[u8] = include_bytes!("users.json.gz");

/// Requests that are answered once this many are waiting.
struct Held {
    waiting: AtomicU64,
    released: Notify,
}

static HELD: Held = Held { waiting: AtomicU64::new(0), released: Notify::const_new() };

impl Held {
    async fn until(&self, all: u64) {
        let released = self.released.notified();
        if self.waiting.fetch_add(1, Ordering::Relaxed) + 1 == all {
            self.waiting.store(0, Ordering::Relaxed);
            self.released.notify_waiters();
        } else {
            released.await;
        }
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
