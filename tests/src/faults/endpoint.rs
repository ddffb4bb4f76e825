//! Endpoints: an address where a script is played, or where nothing listens.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};

use super::{play::play, step::Step};

/// How long a connection that is made at once may take. It is made by the kernel.
const AT_ONCE: Duration = Duration::from_millis(150);

/// An address on 127.0.0.1, and what happens there.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    log: Arc<Log>,
    kept: Kept,
}

/// What has to live as long as the endpoint.
#[derive(Debug)]
enum Kept {
    /// Listening, and not accepting yet.
    Bound(TcpListener),
    /// Dropped, it ends its tasks.
    Playing {
        _tasks: JoinSet<()>,
    },
    Refused {
        _bound: TcpSocket,
    },
    Full {
        _listener: TcpListener,
        _clients: Vec<TcpStream>,
    },
}

/// What an endpoint has seen so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The connections that it accepted.
    pub connections: usize,
    /// The heads of requests that it read whole.
    pub requests: usize,
}

#[derive(Debug, Default)]
pub(super) struct Log {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Log {
    pub(super) fn asked(&self) {
        self.requests.fetch_add(1, Ordering::SeqCst);
    }
}

impl Endpoint {
    /// An address where scripts are played. The first connection plays the first, and so on; the
    /// last is repeated.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub fn script(connections: Vec<Vec<Step>>) -> io::Result<Self> {
        let mut endpoint = Self::bound()?;
        endpoint.play(connections);
        Ok(endpoint)
    }

    /// An address whose scripts come later, with [`play`](Endpoint::play), as they name it or each
    /// other. Until then, connections wait.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub fn bound() -> io::Result<Self> {
        let (socket, address) = bind()?;
        Ok(Self::new(address, Kept::Bound(socket.listen(1024)?)))
    }

    /// An address that refuses connections. It is bound, so that no other process can listen there.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    pub fn refused() -> io::Result<Self> {
        let (socket, address) = bind()?;
        Ok(Self::new(address, Kept::Refused { _bound: socket }))
    }

    /// An address that does not answer: its queue of connections is full.
    ///
    /// # Errors
    ///
    /// If no port can be bound, or the queue does not fill.
    pub async fn backlog_full() -> io::Result<Self> {
        let (socket, address) = bind()?;
        let listener = socket.listen(1)?;
        let mut clients = Vec::new();
        while let Ok(connected) = timeout(AT_ONCE, TcpStream::connect(address)).await {
            clients.push(connected?);
            if clients.len() > 64 {
                return Err(io::Error::other("the backlog does not fill"));
            }
        }
        Ok(Self::new(address, Kept::Full { _listener: listener, _clients: clients }))
    }

    /// Starts to accept. An endpoint that is not bound, or plays already, does what it does.
    pub fn play(&mut self, connections: Vec<Vec<Step>>) {
        let mut tasks = JoinSet::new();
        let kept = std::mem::replace(&mut self.kept, Kept::Playing { _tasks: JoinSet::new() });
        self.kept = match kept {
            Kept::Bound(listener) => {
                tasks.spawn(accept(listener, connections, Arc::clone(&self.log)));
                Kept::Playing { _tasks: tasks }
            }
            kept => kept,
        };
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Seen {
        Seen {
            connections: self.log.connections.load(Ordering::SeqCst),
            requests: self.log.requests.load(Ordering::SeqCst),
        }
    }

    fn new(address: SocketAddr, kept: Kept) -> Self {
        Self { address, log: Arc::default(), kept }
    }
}

fn bind() -> io::Result<(TcpSocket, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

async fn accept(listener: TcpListener, connections: Vec<Vec<Step>>, log: Arc<Log>) {
    let scripts: Vec<Arc<[Step]>> = connections.into_iter().map(Arc::from).collect();
    // Dropped with this task, so that no connection outlives its endpoint.
    let mut playing = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let number = log.connections.fetch_add(1, Ordering::SeqCst);
        let script = scripts.get(number).or(scripts.last()).map(Arc::clone).unwrap_or_default();
        let log = Arc::clone(&log);
        playing.spawn(async move { play(stream, &script, log).await });
    }
}
