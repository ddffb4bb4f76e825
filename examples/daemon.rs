//! A daemon whose server stops and restarts.
//!
//! Run it with `cargo run --example daemon`: it starts and stops the server from which the daemon fetches
//! jobs. The daemon reports once when the server is down and once when it is back, and loses no job.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use backstop::{Error, Session, request};
use backstop_tests::{Answer, Asked, Server};
use serde::Deserialize;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::sleep,
};

#[derive(Debug, Deserialize)]
struct Job {
    id: u64,
}

/// Two retries hide short failures: only a failure after them is an error.
#[request(
    get = "/jobs/next",
    session = session,
    timeout(total = 2s, attempt = 500ms),
    retry(times = 2, backoff(10ms..50ms)),
    on_error(Status(404) => recover(None)),
)]
async fn next_job(session: &Session) -> Result<Option<Job>, Error>;

#[derive(Debug, PartialEq)]
enum Event {
    Done(u64),
    Away,
    Back,
}

/// Runs until its receiver is dropped. It polls less often while the server is down.
async fn work(session: Session, events: UnboundedSender<Event>) {
    let mut failures = 0_u32;
    while !events.is_closed() {
        let polled = next_job(&session).await;
        match &polled {
            Ok(_) if failures > 0 => {
                println!("  the server is back; failed polls: {failures}");
                failures = 0;
                let _ = events.send(Event::Back);
            }
            Ok(_) => {}
            Err(error) => {
                failures += 1;
                if failures == 1 {
                    println!("  away: {error:#} ({} attempts)", error.attempts());
                    let _ = events.send(Event::Away);
                }
            }
        }
        if let Ok(Some(job)) = polled {
            println!("  job {} is done", job.id);
            let _ = events.send(Event::Done(job.id));
        } else {
            sleep(Duration::from_millis(20) * (1 + failures.min(10))).await;
        }
    }
}

async fn until(events: &mut UnboundedReceiver<Event>, awaited: &Event) {
    while let Some(event) = events.recv().await {
        if event == *awaited {
            break;
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = Server::start(answer);
    let address = server.address();
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    let (sender, mut events) = mpsc::unbounded_channel();
    let daemon = tokio::spawn(work(session, sender));

    until(&mut events, &Event::Done(2)).await;
    println!("The server stops.");
    server.stop().await;
    until(&mut events, &Event::Away).await;
    println!("The server starts again.");
    let server = Server::start_at(address, answer);
    until(&mut events, &Event::Done(4)).await;
    println!("The server was asked {} times since then.", server.asked().len());
    drop(events);
    daemon.await.expect("no panic");
    Ok(())
}

/// Two jobs for each start of the server, with a failure before each.
fn answer(_: &Asked) -> Answer {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    match COUNT.fetch_add(1, Ordering::SeqCst) {
        at @ (1 | 3 | 5 | 7) => Answer::json(format!(r#"{{"id":{}}}"#, at.div_ceil(2))),
        0 | 2 | 4 | 6 => Answer::new(503, "a moment"),
        _ => Answer::new(404, "nothing to do"),
    }
}
