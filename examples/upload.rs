//! An upload of a file, with its length and progress, and a retry that reads the file again.
//!
//! Run it with `cargo run --example upload`: it starts its own server, which closes the first connection.

use std::{
    io::{self, Write as _},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use backstop::{Body, Error, Session, request};
use backstop_tests::{Answer, Asked, Server};

const SIZE: u64 = 4_000_000;

/// PUT is idempotent, and the body can be created again, so the request can be retried.
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

/// Called before each delay.
fn say(error: &Error, wait: Duration) {
    println!("\n  {error}; again in {wait:.0?}");
}

/// Called with the number of bytes that the connection has accepted. It must not block for long.
fn draw(sent: u64) {
    let done = usize::try_from(sent * 40 / SIZE).unwrap_or_default();
    print!("\r  [{:<40}] {:>3} %", "=".repeat(done), sent * 100 / SIZE);
    // A closed terminal does not end the upload.
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
