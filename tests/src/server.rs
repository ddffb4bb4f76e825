//! An HTTP/1.1 server on its own port, whose answers are a function of the request.
//!
//! It implements just enough HTTP for correct answers, and can also send wrong ones: raw bytes, silence, or a
//! closed or reset connection. It has its own thread and runtime, so it serves clients on any number of
//! runtimes. It stops when it is dropped.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The target of the request line: path and query, still encoded.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The complete body, without chunk framing.
    pub body: Vec<u8>,
}

impl Asked {
    /// The path, still encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query, still encoded; empty if there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// A header as text; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

/// The answer of the server to a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A whole response: status, headers, body. `Content-Length` is added.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, and then the connection is closed.
    Raw(Vec<u8>),
    /// These bytes, and then nothing until the client closes the connection.
    Stall(Vec<u8>),
    /// The connection is closed without a byte.
    Close,
    /// The connection is reset.
    Reset,
    /// Another answer, after a delay.
    Late(Duration, Box<Answer>),
}

impl Answer {
    /// A whole response without further headers.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Whole(status, Vec::new(), body.into())
    }

    /// 200 with JSON.
    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body).header("content-type", "application/json")
    }

    /// A redirect.
    pub fn redirect(status: u16, location: impl Into<String>) -> Self {
        Self::new(status, "").header("location", location)
    }

    /// The same response with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Whole(_, headers, _) = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

type Respond = dyn Fn(&Asked) -> Answer + Send + Sync;

/// A server that answers until it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    log: Arc<Log>,
    /// None once it was shut down.
    runtime: Option<Runtime>,
}

#[derive(Debug, Default)]
struct Log {
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

impl Log {
    fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Starts a server that answers each request with the return value of `respond`.
    ///
    /// # Panics
    ///
    /// If no socket can be bound on 127.0.0.1.
    pub fn start(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), respond)
    }

    /// Starts a server at a given address, for example that of a server that was dropped.
    ///
    /// # Panics
    ///
    /// If the address is taken.
    pub fn start_at(
        address: SocketAddr,
        respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        // Bound without tokio, as the caller may not be inside a runtime.
        let listener = std::net::TcpListener::bind(address).expect("a port on loopback");
        listener.set_nonblocking(true).expect("a socket that does not block");
        let address = listener.local_addr().expect("a bound socket has an address");
        let listener = {
            let _entered = runtime.enter();
            TcpListener::from_std(listener).expect("a socket of the runtime")
        };
        let log = Arc::new(Log::default());
        runtime.spawn(accept(listener, Arc::new(respond), Arc::clone(&log)));
        Self { address, log, runtime: Some(runtime) }
    }

    /// Starts a server that gives every request the same answer.
    pub fn always(answer: Answer) -> Self {
        Self::start(move |_| answer.clone())
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests received so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.log.asked().clone()
    }

    /// The last request.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn last(&self) -> Asked {
        self.log.asked().last().expect("a request").clone()
    }

    /// The number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.log.connections.load(Ordering::SeqCst)
    }
}

impl Server {
    /// Stops the server, and returns when nothing listens at its address.
    pub async fn stop(mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Ending a runtime waits for its threads, which a thread of another runtime must not do.
            let _ = tokio::task::spawn_blocking(move || drop(runtime)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting is not allowed on a thread of another runtime, and not needed.
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, respond: Arc<Respond>, log: Arc<Log>) {
    while let Ok((stream, _)) = listener.accept().await {
        log.connections.fetch_add(1, Ordering::SeqCst);
        let (respond, log) = (Arc::clone(&respond), Arc::clone(&log));
        tokio::spawn(async move {
            // A client that disconnects is not an error.
            let _ = serve(stream, &*respond, &log).await;
        });
    }
}

async fn serve(stream: TcpStream, respond: &Respond, log: &Log) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read_request(&mut stream).await? {
        let is_head = asked.method == Method::HEAD;
        let mut answer = respond(&asked);
        log.asked().push(asked);
        while let Answer::Late(wait, later) = answer {
            tokio::time::sleep(wait).await;
            answer = *later;
        }
        match answer {
            Answer::Whole(status, headers, body) => {
                let mut bytes = head(status, &headers, body.len()).into_bytes();
                if !is_head {
                    bytes.extend_from_slice(&body);
                }
                stream.write_all(&bytes).await?;
            }
            Answer::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Answer::Stall(bytes) => {
                stream.write_all(&bytes).await?;
                tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
                return Ok(());
            }
            Answer::Close => return stream.shutdown().await,
            Answer::Reset => {
                return stream.into_inner().set_zero_linger();
            }
            Answer::Late(..) => unreachable!("taken apart above"),
        }
    }
    Ok(())
}

fn head(status: u16, headers: &[(&str, String)], length: usize) -> String {
    let mut head = format!("HTTP/1.1 {status} Reason\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // RFC 9112 §6.3: these never have a body, nor a length of one.
    if status >= 200 && status != 204 && status != 304 {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    head + "\r\n"
}

/// Reads a request; `None` when the client leaves between two.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let Some(line) = read_line(stream).await? else { return Ok(None) };
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let mut words = line.split(' ');
    let method = words.next().and_then(|word| word.parse().ok()).ok_or_else(bad)?;
    let target = words.next().ok_or_else(bad)?.to_owned();
    let mut headers = HeaderMap::new();
    loop {
        let line = read_line(stream).await?.ok_or_else(bad)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(bad)?;
        let name: HeaderName = name.parse().map_err(|_| bad())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| bad())?);
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let mut body = Vec::new();
    if text("transfer-encoding") == Some("chunked") {
        loop {
            let line = read_line(stream).await?.ok_or_else(bad)?;
            let length = u64::from_str_radix(&line, 16).map_err(|_| bad())?;
            stream.take(length).read_to_end(&mut body).await?;
            read_line(stream).await?;
            if length == 0 {
                break;
            }
        }
    } else if let Some(length) = text("content-length") {
        let length: u64 = length.parse().map_err(|_| bad())?;
        stream.take(length).read_to_end(&mut body).await?;
    }
    Ok(Some(Asked { method, target, headers, body }))
}

/// Reads a line without its end; `None` at the end of the stream.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await {
            Ok(b'\n') => break,
            Ok(byte) => line.push(byte),
            Err(_) if line.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    // Header values may hold any byte: each is one character here.
    Ok(Some(line.into_iter().map(char::from).collect()))
}
