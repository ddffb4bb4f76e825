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

/// An executor that can hold back the tasks it has so far.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Tasks>>);

#[derive(Default)]
struct Tasks {
    count: usize,
    /// Tasks with a lower number are held back.
    held: usize,
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

    fn release(&self) {
        let mut tasks = self.tasks();
        tasks.held = 0;
        tasks.wakers.drain(..).for_each(Waker::wake);
    }
}

impl Executor<Task> for Held {
    fn execute(&self, mut task: Task) {
        let held = self.clone();
        let number = self.tasks().count;
        self.tasks().count += 1;
        tokio::spawn(std::future::poll_fn(move |context| {
            let mut tasks = held.tasks();
            if number < tasks.held {
                tasks.wakers.push(context.waker().clone());
                return Poll::Pending;
            }
            drop(tasks);
            task.as_mut().poll(context)
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

    fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let log = self.clone();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (log, stream) = (log.clone(), stream.expect("a connection"));
                thread::spawn(move || log.answer(number, stream));
            }
        });
        address
    }

    /// Answers requests without a body.
    fn answer(&self, number: usize, mut stream: TcpStream) {
        let lines = BufReader::new(stream.try_clone().expect("the same connection")).lines();
        let mut method = None;
        for line in lines.map_while(Result::ok) {
            if line.is_empty() {
                let method = method.take().expect("a request line");
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push((number, method));
                let response = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(response).expect("a client that reads");
            } else if method.is_none() {
                method = line.split(' ').next().map(ToOwned::to_owned);
            }
        }
    }
}

fn session(executor: Held, layers: Layers) -> Session {
    let recipe = Recipe {
        connect_timeout: None,
        pool_idle_timeout: None,
        http2: false,
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
async fn a_post_that_a_delayed_connection_does_not_take_is_sent_on_another() {
    for layers in layers() {
        let (log, executor) = (Log::default(), Held::default());
        let session = session(executor.clone(), layers);
        let url = format!("http://{}/", log.serve());
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
        let session = session(executor.clone(), layers);
        let url = format!("http://{}/", log.serve());
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
