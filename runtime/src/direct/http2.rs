//! The servers that are known to speak HTTP/2: their open connections, and which call may open the next one.
//!
//! An HTTP/2 connection serves all calls to its server. When it ends, all of them need another connection at
//! once. If each call opened one, all but the first would be useless. One call therefore has its turn, and the
//! others wait until its connection is in the pool.
//!
//! A request that was given to a connection may wait there for a stream. If that connection has ended, the
//! request was lost on its way (see `handover.rs`).

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::Uri;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::origin;
use crate::handover::tick;

/// The longest wait for a connection that another call opens. The address that the other call tries may not
/// answer.
const TURN: Duration = Duration::from_secs(1);

/// The servers that a client knows to speak HTTP/2, by their origin.
#[derive(Clone, Default)]
pub(super) struct Servers(Arc<Mutex<HashMap<String, Server>>>);

struct Server {
    turns: Arc<Semaphore>,
    /// When each connection that accepts requests was opened, by [`tick`].
    connections: Vec<u64>,
}

impl Default for Server {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(1)), connections: Vec::new() }
    }
}

impl Servers {
    /// Whether a connection to the origin accepts requests and was opened before this time.
    pub(super) fn have_connection(&self, origin: &str, before: u64) -> bool {
        let servers = self.lock();
        let connections = servers.get(origin).map_or(&[][..], |server| &server.connections);
        connections.iter().any(|opened_at| *opened_at < before)
    }

    /// The turns to connect to a server, if it is known to speak HTTP/2, or if HTTP/2 is used without
    /// negotiation.
    pub(super) fn turns(&self, server: &Uri, prior_knowledge: bool) -> Option<Turns> {
        let mut servers = self.lock();
        if servers.is_empty() && !prior_knowledge {
            return None;
        }
        let origin = origin(server);
        if prior_knowledge {
            add(&mut servers, &origin);
        }
        let semaphore = Arc::clone(&servers.get(&origin)?.turns);
        Some(Turns { servers: self.clone(), origin, semaphore })
    }

    /// Registers a new HTTP/2 connection to the server.
    pub(super) fn connected(&self, server: &Uri, turn: Option<Turn>) -> Connection {
        let (origin, opened_at) = (origin(server), tick());
        let mut servers = self.lock();
        add(&mut servers, &origin).connections.push(opened_at);
        drop(servers);
        Connection { servers: self.clone(), origin, opened_at, turn, accepts_requests: true }
    }

    /// Forgets that the server speaks HTTP/2. The calls that wait for their turn continue without one.
    fn forget(&self, Turns { origin, semaphore, .. }: &Turns) {
        semaphore.close();
        let mut servers = self.lock();
        if let Some(server) = servers.get_mut(origin)
            && Arc::ptr_eq(&server.turns, semaphore)
        {
            match server.connections.is_empty() {
                true => drop(servers.remove(origin)),
                false => server.turns = Server::default().turns,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Server>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add<'a>(servers: &'a mut HashMap<String, Server>, origin: &str) -> &'a mut Server {
    /// Above this number, unused servers are forgotten.
    const MANY: usize = 64;
    if servers.len() >= MANY && !servers.contains_key(origin) {
        servers.retain(|_, server| {
            !server.connections.is_empty() || Arc::strong_count(&server.turns) > 1
        });
    }
    servers.entry(origin.to_owned()).or_default()
}

/// The turns to connect to one server.
pub(super) struct Turns {
    servers: Servers,
    origin: String,
    semaphore: Arc<Semaphore>,
}

/// A turn to connect. When it is dropped, the next waiting call has its turn.
pub(super) struct Turn {
    turns: Turns,
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    /// Waits for a turn. Returns None if the call should connect without a turn, because the call before failed
    /// to connect, found that the server does not speak HTTP/2, or takes too long.
    pub(super) async fn turn(self, connect_timeout: Option<Duration>) -> Option<Turn> {
        // Half of a short connect timeout is left for the call's own connection.
        let limit = connect_timeout.map_or(TURN, |timeout| TURN.min(timeout / 2));
        let acquiring = Arc::clone(&self.semaphore).acquire_owned();
        let permit = tokio::time::timeout(limit, acquiring).await.ok()?.ok()?;
        Some(Turn { turns: self, _permit: permit })
    }
}

impl Turn {
    /// The turn led to no HTTP/2 connection.
    pub(super) fn failed(self) {
        self.turns.servers.forget(&self.turns);
    }
}

/// An HTTP/2 connection, until it is closed.
pub(super) struct Connection {
    servers: Servers,
    origin: String,
    opened_at: u64,
    /// The turn in which it was opened, until the connection is in the pool.
    turn: Option<Turn>,
    accepts_requests: bool,
}

impl Connection {
    /// A request was sent on the connection, so it is in the pool or was there.
    pub(super) fn mark_used(&mut self) {
        self.turn = None;
    }

    /// The connection accepts no further requests.
    pub(super) fn mark_ended(&mut self) {
        self.turn = None;
        if !std::mem::take(&mut self.accepts_requests) {
            return;
        }
        if let Some(server) = self.servers.lock().get_mut(&self.origin) {
            server.connections.retain(|opened_at| *opened_at != self.opened_at);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.mark_ended();
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Servers")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::{Pin, pin},
        task::{Context, Poll, Waker},
    };

    use super::*;

    const ORIGIN: &str = "https://one.test";

    fn server() -> Uri {
        "https://one.test/path".parse().expect("a URI")
    }

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn turns(servers: &Servers) -> Turns {
        servers.turns(&server(), false).expect("an HTTP/2 server")
    }

    /// Servers, one of which is known.
    fn known() -> Servers {
        let servers = Servers::default();
        drop(servers.connected(&server(), None));
        servers
    }

    #[test]
    fn prior_knowledge_makes_a_server_known() {
        let servers = Servers::default();
        assert!(servers.turns(&server(), false).is_none());
        assert!(servers.turns(&server(), true).is_some());
        assert!(servers.turns(&server(), false).is_some());
        assert!(servers.turns(&"https://two.test/".parse().expect("a URI"), false).is_none());
    }

    #[test]
    fn a_request_waits_only_for_an_older_connection() {
        let servers = Servers::default();
        assert!(!servers.have_connection(ORIGIN, tick()));
        let mut first = servers.connected(&server(), None);
        let given_at = tick();
        assert!(servers.have_connection(ORIGIN, given_at));
        assert!(!servers.have_connection("https://two.test", given_at));
        let _second = servers.connected(&server(), None);
        first.mark_ended();
        assert!(!servers.have_connection(ORIGIN, given_at), "the second was not there");
        assert!(servers.have_connection(ORIGIN, tick()));
    }

    #[tokio::test]
    async fn one_call_at_a_time_connects() {
        let servers = known();
        let first = turns(&servers).turn(None).await.expect("the first turn");
        let mut second = pin!(turns(&servers).turn(None));
        assert!(poll(second.as_mut()).is_pending());
        let mut connection = servers.connected(&server(), Some(first));
        assert!(poll(second.as_mut()).is_pending(), "it is not in the pool yet");
        connection.mark_used();
        assert!(matches!(poll(second), Poll::Ready(Some(_))));
    }

    #[tokio::test]
    async fn a_dropped_turn_goes_to_the_next_call() {
        let servers = known();
        let first = turns(&servers).turn(None).await;
        let mut second = pin!(turns(&servers).turn(None));
        assert!(poll(second.as_mut()).is_pending());
        drop(first);
        assert!(matches!(poll(second), Poll::Ready(Some(_))));
    }

    #[tokio::test]
    async fn a_failed_turn_releases_all_waiting_calls() {
        let servers = known();
        let first = turns(&servers).turn(None).await.expect("the first turn");
        let mut others = [0; 3].map(|_| Box::pin(turns(&servers).turn(None)));
        for other in &mut others {
            assert!(poll(other.as_mut()).is_pending());
        }
        first.failed();
        for other in &mut others {
            assert!(matches!(poll(other.as_mut()), Poll::Ready(None)));
        }
        assert!(servers.turns(&server(), false).is_none(), "the protocol is negotiated again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_does_not_wait_long_for_another_one_s_connection() {
        let servers = known();
        let _first = turns(&servers).turn(None).await;
        for (timeout, expected) in
            [(None, TURN), (Some(TURN * 5), TURN), (Some(TURN / 2), TURN / 4)]
        {
            let start = tokio::time::Instant::now();
            assert!(turns(&servers).turn(timeout).await.is_none());
            assert_eq!(start.elapsed().as_millis(), expected.as_millis(), "{timeout:?}");
        }
    }

    #[test]
    fn unused_servers_are_removed() {
        let servers = Servers::default();
        let _kept = servers.connected(&server(), None);
        for number in 0..200 {
            let server = format!("https://{number}.test/").parse().expect("a URI");
            drop(servers.connected(&server, None));
        }
        assert!(servers.lock().len() <= 65);
        assert!(servers.have_connection(ORIGIN, tick()));
    }
}
