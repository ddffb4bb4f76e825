//! Tests over real sockets: a server on 127.0.0.1 that answers from a script, or plays raw bytes.

mod certificates;
mod connection;
mod raw;
mod scripted;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    task::AbortHandle,
};

pub use self::{certificates::Certificate, raw::Step};
use self::{certificates::server_config, connection::Connection};
use super::script::{Script, Shared};

/// A server on a free port of 127.0.0.1, for tests over real sockets. It answers from a [`Script`], or byte
/// by byte.
///
/// It has its own thread and runtime, so it serves clients on any runtime. It stops when it is dropped. It
/// does not count as a handle of its script.
///
/// Over a socket, a [fault](super#faults) is limited to what a server can do: `Disconnected` closes or resets
/// the connection, `Body` cuts off the body, and `Protocol` and faults before a connection close it. A
/// request that matches no route is answered with 501 and the message of [`Script::verify`].
///
/// ```
/// use backstop::{Error, Request, Session, testing::{Script, Server}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
/// let script = Script::new();
/// script.get("/users/{id}").text("Ada");
/// let server = Server::builder().tls().http2().start(&script);
///
/// let session = Session::builder()
///     .base_url(server.url())
///     .root_certificate(server.authority_pem())
///     .no_proxy()
///     .build()?;
/// let response = session.fetch(Request::get("/users/{id}").path("id", &7)).await?;
///
/// assert_eq!(response.text()?, "Ada");
/// assert_eq!(script.last().path(), "/users/7");
/// assert_eq!(server.connections(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Server {
    address: SocketAddr,
    is_tls: bool,
    counts: Arc<Counts>,
    accepting: AbortHandle,
}

/// What a server counts.
#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

/// Builds a [`Server`] with TLS or HTTP/2. Returned by [`Server::builder`].
#[derive(Debug, Clone, Default)]
#[must_use = "`start` or `raw` starts the server"]
pub struct ServerBuilder {
    certificate: Option<Certificate>,
    http2: bool,
}

impl Server {
    /// Starts a server that answers from a script, over plain HTTP/1.1.
    ///
    /// # Panics
    ///
    /// If no socket can be bound on 127.0.0.1.
    #[track_caller]
    pub fn start(script: &Script) -> Self {
        Self::builder().start(script)
    }

    /// Starts a server that plays steps on each connection, over plain TCP. The first connection plays the
    /// first list of steps, and so on; the last list is repeated.
    ///
    /// ```
    /// use backstop::{BodyError, Error, ErrorKind, Request, Session, testing::{Server, Step}};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let cut = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort";
    /// let server = Server::raw([[Step::ReadRequest, Step::send(cut), Step::Close]]);
    ///
    /// let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    /// let error = session.fetch(Request::get("/")).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If no socket can be bound on 127.0.0.1.
    #[track_caller]
    pub fn raw<S: Into<Vec<Step>>>(connections: impl IntoIterator<Item = S>) -> Self {
        Self::builder().raw(connections)
    }

    /// Starts to build a server with TLS or HTTP/2.
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        match self.is_tls {
            false => format!("http://{}", self.address),
            true => format!("https://localhost:{}", self.address.port()),
        }
    }

    /// The address on which the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate of the authority that issues the certificates of this process's servers, as PEM, for
    /// [`root_certificate`](crate::SessionBuilder::root_certificate).
    pub fn authority_pem(&self) -> String {
        Certificate::authority_pem()
    }

    /// The number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// The number of requests read so far. With raw steps, those of [`Step::ReadRequest`].
    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }
}

impl ServerBuilder {
    /// Serves over TLS, with a certificate for `localhost` and 127.0.0.1. Its authority is created for this
    /// process.
    pub fn tls(self) -> Self {
        self.certificate(Certificate::Good)
    }

    /// Serves over TLS, with this certificate.
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Serves HTTP/2: over TLS if the client negotiates it, and over plain TCP to clients with prior
    /// knowledge.
    #[cfg(feature = "http2")]
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// Starts a server that answers from a script.
    ///
    /// # Panics
    ///
    /// If no socket can be bound on 127.0.0.1.
    #[track_caller]
    pub fn start(self, script: &Script) -> Server {
        self.serve(Plan::Script(Arc::clone(script.shared())))
    }

    /// Starts a server that plays steps on each connection, as [`Server::raw`] does.
    ///
    /// # Panics
    ///
    /// If no socket can be bound on 127.0.0.1.
    #[track_caller]
    pub fn raw<S: Into<Vec<Step>>>(self, connections: impl IntoIterator<Item = S>) -> Server {
        let connections = connections.into_iter().map(|steps| steps.into().into()).collect();
        self.serve(Plan::Raw(connections))
    }

    #[track_caller]
    fn serve(self, plan: Plan) -> Server {
        match self.listen(plan) {
            Ok(server) => server,
            Err(error) => panic!("cannot start a server on 127.0.0.1: {error}"),
        }
    }

    fn listen(self, plan: Plan) -> io::Result<Server> {
        let Self { certificate, http2 } = self;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        // Binds without tokio, as the caller may not be inside a runtime.
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let counts = Arc::<Counts>::default();
        let serving = Serving {
            plan: Arc::new(plan),
            tls: certificate.map(|certificate| server_config(certificate, http2)),
            http2,
            counts: Arc::clone(&counts),
        };
        let accepting = spawn(runtime, listener, serving)?;
        Ok(Server { address, is_tls: certificate.is_some(), counts, accepting })
    }
}

/// Accepts connections on a thread of its own, until it is aborted.
fn spawn(
    runtime: Runtime,
    listener: std::net::TcpListener,
    serving: Serving,
) -> io::Result<AbortHandle> {
    let listener = {
        let _entered = runtime.enter();
        TcpListener::from_std(listener)?
    };
    let accepting = runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = serving.counts.connections.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serving.clone().serve(stream, number));
        }
    });
    let abort = accepting.abort_handle();
    // Connections are tasks of this runtime, and end with it.
    thread::Builder::new()
        .name("backstop-testing".into())
        .spawn(move || drop(runtime.block_on(accepting)))?;
    Ok(abort)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({})", self.url())
    }
}

/// What a server does.
enum Plan {
    Script(Arc<Shared>),
    Raw(Vec<Arc<[Step]>>),
}

/// The state that each connection needs.
#[derive(Clone)]
struct Serving {
    plan: Arc<Plan>,
    tls: Option<Arc<rustls::ServerConfig>>,
    http2: bool,
    counts: Arc<Counts>,
}

impl Serving {
    /// Serves a connection to its end. Errors are only visible to the client.
    async fn serve(self, stream: TcpStream, number: usize) {
        // Without Nagle's algorithm, each part of a body is a segment of its own.
        let _ = stream.set_nodelay(true);
        let Ok((connection, is_http2)) = Connection::accept(stream, self.tls.as_ref()).await else {
            return;
        };
        match &*self.plan {
            Plan::Raw(connections) => {
                if let Some(steps) = connections.get(number).or(connections.last()) {
                    let _ = raw::play(connection, steps, &self.counts).await;
                }
            }
            Plan::Script(script) => {
                let is_http2 = is_http2 || self.http2 && self.tls.is_none();
                scripted::serve(connection, Arc::clone(script), is_http2, self.counts).await;
            }
        }
    }
}
