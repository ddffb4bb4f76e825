//! An upload of a file: with its length, its progress, and a second try that reads the file anew.
//!
//! Run it with `cargo run --example upload`: it starts the server that it talks to, which loses its
//! connection the first time.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use backstop::{Body, Error, Session, request};
use backstop_tests::{Answer, Asked, Server};

const SIZE: u64 = 4_000_000;

/// PUT is idempotent, and the body can be made again: so it may be retried.
#[request(
    put = "/images/{name}",
    session = session,
    body = image,
    header("content-type" = "application/octet-stream"),
    retry(times = 2, backoff(20ms..200ms), on_retry = say),
    expect(201),
    timeout = 1m,
)]
async fn upload(session: &Session, name: &str, image: Body) -> Result<String, Error>;

/// Called before each wait.
fn say(error: &Error, wait: Duration) {
    println!("\n  {error}; again in {wait:.0?}");
}

/// Called with how much the connection has taken. It must not block for long.
fn draw(sent: u64) {
    let done = usize::try_from(sent * 40 / SIZE).unwrap_or_default();
    print!("\r  [{:<40}] {:>3} %", "=".repeat(done), sent * 100 / SIZE);
    // A terminal that is gone is no reason to end.
    let _ = io::stdout().flush();
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start(answer);
    let session = Session::builder().base_url(server.url()).no_proxy().build()?;
    let path = std::env::temp_dir().join(format!("backstop-upload-{}.img", std::process::id()));
    std::fs::write(&path, vec![7; usize::try_from(SIZE)?])?;

    let image = Body::file(&path).await?.on_progress(draw);
    let stored = upload(&session, "disk.img", image).await?;

    println!("\n=> {stored}");
    for asked in server.asked() {
        println!("  {} {}: {} bytes", asked.method, asked.target, asked.header("content-length"));
    }
    std::fs::remove_file(&path)?;
    Ok(())
}

fn answer(asked: &Asked) -> Answer {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    match COUNT.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::Reset,
        _ => Answer::new(201, format!("{} bytes are stored", asked.body.len())),
    }
}
