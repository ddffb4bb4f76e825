//! Tests of a connection whose task is not scheduled in time.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use hyper::rt::Executor;
use tokio::time::{Instant, sleep};

use crate::{
    direct::{Direct, MaxConnections, Proxies, Recipe, Resolved, Task},
    request::Request,
    session::Session,
    tls::Tls,
    transport::Layers,
};

/// An executor that can hold back the tasks that it has so far.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Tasks>>);

#[derive(Default)]
struct Tasks {
    count: usize,
    /// Tasks with a lower number are held back.
    held: usize,
    /// The number of a task that is dropped.
    dropped: Option<usize>,
    wakers: Vec<Waker>,
}

impl Held {
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hold(&self) {
        let mut tasks = self.tasks();
        tasks.held = tasks.count;
    }

    /// Drops the first task. Of the two tasks of an HTTP/2 connection, it is the one that reads and writes.
    #[cfg(feature = "http2")]
    fn drop_first(&self) {
        let mut tasks = self.tasks();
        tasks.dropped = Some(0);
        tasks.wakers.drain(..).for_each(Waker::wake);
    }

    fn release(&self) {
        let mut tasks = self.tasks();
        tasks.held = 0;
        tasks.wakers.drain(..).for_each(Waker::wake);
    }
}

impl Executor<Task> for Held {
    fn execute(&self, task: Task) {
        let mut task = Some(task);
        let held = self.clone();
        let number = self.tasks().count;
        self.tasks().count += 1;
        tokio::spawn(std::future::poll_fn(move |context| {
            let mut tasks = held.tasks();
            if tasks.dropped == Some(number) {
                drop(tasks);
                task = None;
                return Poll::Ready(());
            }
            if number < tasks.held {
                tasks.wakers.push(context.waker().clone());
                return Poll::Pending;
            }
            drop(tasks);
            task.as_mut().map_or(Poll::Ready(()), |task| task.as_mut().poll(context))
        }));
    }
}

/// The requests that a server read: the connection and the method of each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(usize, String)>>>);

impl Log {
    fn requests(&self) -> Vec<(usize, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves with a thread for each connection.
    fn serve(&self, answer: fn(&Self, usize, TcpStream)) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let log = self.clone();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (log, stream) = (log.clone(), stream.expect("a connection"));
                thread::spawn(move || answer(&log, number, stream));
            }
        });
        address
    }

    fn note(&self, number: usize, method: &str) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push((number, method.to_owned()));
    }

    /// The same in HTTP/2 (RFC 9113 §4.1): a request is a HEADERS frame, with a method of the static table
    /// (RFC 7541, appendix A).
    #[cfg(feature = "http2")]
    fn answer_http2(&self, number: usize, mut stream: TcpStream) {
        use std::io::Read as _;

        const SETTINGS: u8 = 4;
        const HEADERS: u8 = 1;
        stream.read_exact(&mut [0; 24]).expect("the preface");
        stream.write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]).expect("a client that reads");
        let mut head = [0; 9];
        while stream.read_exact(&mut head).is_ok() {
            let [a, b, c, kind, _, stream_id @ ..] = head;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            stream.read_exact(&mut payload).expect("a whole frame");
            if kind == HEADERS {
                self.note(number, if payload.first() == Some(&0x83) { "POST" } else { "GET" });
                // `:status: 200`, with the end of the stream.
                let response = [&[0, 0, 1, HEADERS, 5], &stream_id[..], &[0x88]].concat();
                stream.write_all(&response).expect("a client that reads");
            }
        }
    }

    /// Answers requests without a body.
    fn answer(&self, number: usize, mut stream: TcpStream) {
        let lines = BufReader::new(stream.try_clone().expect("the same connection")).lines();
        let mut method: Option<String> = None;
        for line in lines.map_while(Result::ok) {
            if line.is_empty() {
                let method = method.take().expect("a request line");
                self.note(number, &method);
                let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(response).expect("a client that reads");
            } else if method.is_none() {
                method = line.split(' ').next().map(ToOwned::to_owned);
            }
        }
    }
}

fn session(executor: Held, http2: bool, layers: Layers) -> Session {
    let recipe = Recipe {
        connect_timeout: None,
        pool_idle_timeout: None,
        http2,
        resolved: Resolved::default(),
        proxies: Proxies::None,
        tls: Tls::default(),
        max_connections: MaxConnections::default(),
    };
    Session::with_direct(Direct::with_executor(&recipe, executor), layers)
}

/// No layers, and layers that pass everything on. None has a timer, because a paused clock would advance to
/// it while a response is on its way.
fn layers() -> [Layers; 2] {
    let mut layers = Layers::default();
    layers.add(tower::limit::ConcurrencyLimitLayer::new(8));
    layers.add(tower::limit::ConcurrencyLimitLayer::new(4));
    [Layers::default(), layers]
}

#[tokio::test(start_paused = true)]
async fn a_post_not_taken_by_a_delayed_connection_is_resent() {
    for layers in layers() {
        let (log, executor) = (Log::default(), Held::default());
        let session = session(executor.clone(), false, layers);
        let url = format!("http://{}/", log.serve(Log::answer));
        session.fetch(Request::get(url.clone())).await.expect("a response");
        executor.hold();
        let start = Instant::now();
        let post = session.fetch(Request::post(url));
        let late = async {
            sleep(Duration::from_secs(5)).await;
            assert_eq!(log.requests().len(), 1, "the first may still be taken");
            executor.release();
        };
        let (response, ()) = tokio::join!(post, late);
        response.expect("a response");
        assert!(start.elapsed() >= Duration::from_secs(5));
        let request = |connection, method: &str| (connection, method.to_owned());
        assert_eq!(log.requests(), [request(0, "GET"), request(1, "POST")]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_briefly_delayed_connection_keeps_its_request() {
    for layers in layers() {
        let (log, executor) = (Log::default(), Held::default());
        let session = session(executor.clone(), false, layers);
        let url = format!("http://{}/", log.serve(Log::answer));
        session.fetch(Request::get(url.clone())).await.expect("a response");
        executor.hold();
        let late = async {
            sleep(Duration::from_millis(700)).await;
            executor.release();
        };
        let (response, ()) = tokio::join!(session.fetch(Request::post(url)), late);
        response.expect("a response");
        let request = |connection, method: &str| (connection, method.to_owned());
        assert_eq!(log.requests(), [request(0, "GET"), request(0, "POST")]);
    }
}

/// On HTTP/2 a request may wait in the channel of its connection until the connection ends.
#[cfg(feature = "http2")]
#[tokio::test(start_paused = true)]
async fn a_post_not_taken_by_an_ended_http2_connection_is_resent() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    for mut layers in layers() {
        let (log, executor) = (Log::default(), Held::default());
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        layers.add(tower::util::MapRequestLayer::new(move |request| {
            count.fetch_add(1, Ordering::SeqCst);
            request
        }));
        let session = session(executor.clone(), true, layers);
        let url = format!("http://{}/", log.serve(Log::answer_http2));
        session.fetch(Request::get(url.clone())).await.expect("a response");
        executor.hold();
        let late = async {
            // The request waits for the task, as it would for a stream.
            sleep(Duration::from_secs(5)).await;
            executor.drop_first();
            sleep(Duration::from_secs(5)).await;
            assert_eq!(log.requests().len(), 1, "the task may still take it");
            executor.release();
        };
        let start = Instant::now();
        let (response, ()) = tokio::join!(session.fetch(Request::post(url)), late);
        response.expect("a response");
        assert!(start.elapsed() >= Duration::from_secs(10));
        assert_eq!(sent.load(Ordering::SeqCst), 3, "it was withdrawn, and sent again");
        let request = |connection, method: &str| (connection, method.to_owned());
        assert_eq!(log.requests(), [request(0, "GET"), request(1, "POST")]);
    }
}
