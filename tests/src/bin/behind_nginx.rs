//! Sends GETs and POSTs, each of them once, and counts the failures. `tests/nginx/run.sh` runs it.
//!
//! `behind_nginx URL CA_PEM REQUESTS IN_FLIGHT direct|reqwest`

use std::{collections::BTreeMap, env, error::Error, process::ExitCode, sync::Arc, time::Duration};

use backstop::{Request, Session};
use tokio::{sync::Semaphore, task::JoinSet, time::sleep};

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, authority, requests, in_flight, transport] = &*arguments else {
        return Err("usage: behind_nginx URL CA_PEM REQUESTS IN_FLIGHT direct|reqwest".into());
    };
    let session = Session::builder()
        .no_proxy()
        .root_certificate(std::fs::read(authority)?)
        .use_reqwest(transport == "reqwest")
        .build()?;
    wait_for(&session, url).await?;

    let requests: usize = requests.parse()?;
    let permits = Arc::new(Semaphore::new(in_flight.parse()?));
    let mut running = JoinSet::new();
    for number in 0..requests {
        for request in [
            Request::get(format!("{url}/get/{number}")),
            Request::post(format!("{url}/post/{number}")).text("an order"),
        ] {
            let permit = Arc::clone(&permits).acquire_owned().await?;
            let session = session.clone();
            running.spawn(async move {
                let _permit = permit;
                session.fetch(request).await.map(drop)
            });
        }
    }
    let mut failures = BTreeMap::new();
    while let Some(outcome) = running.join_next().await {
        if let Err(error) = outcome? {
            let key = format!("{:?} {:?} {:?}", error.method(), error.kind(), error.sent());
            failures.entry(key).or_insert((0, format!("{error:#}"))).0 += 1;
        }
    }
    println!("{} calls, {in_flight} in flight, over {transport}", 2 * requests);
    for (kind, (times, first)) in &failures {
        println!("{times} failed: {kind}: {first}");
    }
    println!("{} failed", failures.values().map(|(times, _)| times).sum::<usize>());
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The server starts beside this.
async fn wait_for(session: &Session, url: &str) -> Result<(), backstop::Error> {
    for _ in 0..50 {
        match session.fetch(Request::get(format!("{url}/ready"))).await {
            Err(error) if error.is_connect() => sleep(Duration::from_millis(100)).await,
            outcome => return outcome.map(drop),
        }
    }
    session.fetch(Request::get(format!("{url}/ready"))).await.map(drop)
}
