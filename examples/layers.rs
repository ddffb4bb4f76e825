//! Tower layers over a session: a concurrency limit, and a circuit breaker.
//!
//! Run it with `cargo run --example layers`: it starts two servers, one of which only closes its connections.

use std::time::Duration;

use backstop::{Error, Session, request};
use backstop_tests::{Answer, Server};
use tokio::task::JoinSet;
use tower::limit::ConcurrencyLimitLayer;
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

#[request(get = "/teas/{id}", session = session)]
async fn tea(session: Session, id: u64) -> Result<String, Error>;

#[request(post = "/orders", session = session, json = tea)]
async fn order(session: &Session, tea: u64) -> Result<String, Error>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    limit().await?;
    break_circuit().await
}

/// Calls above the limit wait, under their own timers.
async fn limit() -> Result<(), Error> {
    let busy = Server::always(Answer::Late(
        Duration::from_millis(20),
        Box::new(Answer::new(200, "Assam")),
    ));
    let session = Session::builder()
        .base_url(busy.url())
        .no_proxy()
        .layer(ConcurrencyLimitLayer::new(3))
        .build()?;

    let mut calls = JoinSet::new();
    for id in 0..12 {
        calls.spawn(tea(session.clone(), id));
    }
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        call.expect("no panic")?;
        answered += 1;
    }
    println!("{answered} calls were answered, over {} connections", busy.connections());
    Ok(())
}

/// After two failures the breaker refuses further requests.
async fn break_circuit() -> Result<(), Box<dyn std::error::Error>> {
    let broken = Server::always(Answer::Close);
    let breaker = CircuitBreakerLayer::builder()
        .failure_rate_threshold(1.0)
        .sliding_window_size(2)
        .minimum_number_of_calls(2)
        .wait_duration_in_open(Duration::from_secs(60))
        .build()?;
    let session = Session::builder().base_url(broken.url()).no_proxy().layer(breaker).build()?;

    for id in 1..=4 {
        match order(&session, id).await {
            Ok(receipt) => println!("order {id}: {receipt}"),
            // A request that the breaker refused was not sent, and is not counted as a failure of the server.
            Err(error) => println!("order {id}: {:?}, sent: {:?}", error.kind(), error.sent()),
        }
    }
    println!("the server received {} requests", broken.asked().len());
    Ok(())
}
