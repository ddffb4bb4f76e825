//! Retries: which requests are retried, which are not, and why.
//!
//! Run it with `cargo run --example retry`: it starts its own server, a shop that often fails.

use std::{
    collections::HashSet,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{Error, Session, request};
use backstop_tests::{Answer, Asked, Server};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
struct Tea {
    name: String,
    left: u32,
}

#[derive(Debug, Serialize)]
struct Order {
    tea: u64,
}

#[derive(Debug, Deserialize)]
struct Receipt {
    total: u32,
}

/// GET is idempotent, so it is retried after any failure that a retry can help.
#[request(
    get = "/teas/{id}",
    session = shop(),
    retry(times = 3, backoff(20ms..200ms), on_retry = say),
)]
async fn tea(id: u64) -> Result<Tea, Error>;

/// The shop may have processed this order before it failed, so the order is not sent again.
#[request(post = "/orders", session = shop(), json = order, retry(times = 3, on_retry = say))]
async fn order_once(order: &Order) -> Result<Receipt, Error>;

/// The same, with a key by which the shop recognises the order.
#[request(
    post = "/orders",
    session = shop(),
    json = order,
    retry(times = 3, backoff(20ms..200ms), idempotency_key, on_retry = say),
)]
async fn order(order: &Order) -> Result<Receipt, Error>;

/// The shop's `Retry-After` exceeds the timeout: the call fails immediately, with the last error.
#[request(get = "/stocktaking", session = shop(), retry = 3, timeout = 2s)]
async fn stocktaking() -> Result<String, Error>;

/// Called before each delay.
fn say(error: &Error, delay: Duration) {
    println!("    attempt {} failed: {error}; again in {delay:.0?}", error.attempts());
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = Server::start(answer);
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    SHOP.get_or_init(|| session);
    println!("A server listens at {}.", server.url());

    println!("\ntea(7)");
    let tea = tea(7).await?;
    println!("=> {} of {} left", tea.left, tea.name);

    println!("\norder_once(…)");
    match order_once(&Order { tea: 7 }).await {
        Ok(receipt) => println!("=> {}", receipt.total),
        Err(error) => println!("=> error: {error}; attempts: {}", error.attempts()),
    }

    println!("\norder(…)");
    let receipt = order(&Order { tea: 7 }).await?;
    println!("=> total {}; the shop has {} orders", receipt.total, orders());

    println!("\nstocktaking()");
    match stocktaking().await {
        Ok(list) => println!("=> {list}"),
        Err(error) => println!(
            "=> error: {error}; attempts: {}, wait: {:?}",
            error.attempts(),
            error.retry_after()
        ),
    }
    Ok(())
}

fn shop() -> &'static Session {
    SHOP.get().expect("`main` sets it first")
}

static SHOP: OnceLock<Session> = OnceLock::new();

/// The keys of the orders that the shop has processed.
static ORDERS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

fn orders() -> usize {
    ORDERS.lock().expect("no panic").as_ref().map_or(0, HashSet::len)
}

/// The shop fails on the first two requests for a tea, and after it has processed an order.
fn answer(asked: &Asked) -> Answer {
    static ASKED_FOR_TEA: AtomicUsize = AtomicUsize::new(0);
    match asked.path() {
        "/teas/7" => match ASKED_FOR_TEA.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::Close,
            1 => Answer::new(503, "closed for a moment").header("retry-after", "0"),
            _ => Answer::json(r#"{"name":"Assam","left":3}"#),
        },
        "/orders" => {
            let key = asked.header("idempotency-key").to_owned();
            let mut orders = ORDERS.lock().expect("no panic");
            match orders.get_or_insert_default().insert(key) {
                true => Answer::Reset,
                false => Answer::json(r#"{"total":12}"#),
            }
        }
        _ => Answer::new(503, "").header("retry-after", "3600"),
    }
}
