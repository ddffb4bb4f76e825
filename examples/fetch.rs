//! Requests any URL and prints the response, or all facts of the failure.
//!
//! Run it with `cargo run --example fetch -- https://example.com/`. The exit status is 0 or 1.

use std::{error::Error as _, process::ExitCode};

use backstop::{Error, ErrorKind, Response, Sent, TimeoutError, request};

#[request(get = "{url}", header("user-agent" = "backstop-fetch"))]
async fn fetch(url: &str) -> Result<Response, Error>;

#[tokio::main]
async fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: fetch URL");
        return ExitCode::FAILURE;
    };
    match fetch(&url).await.and_then(|response| print(&response)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Prints the head, and the body as JSON or as text.
fn print(response: &Response) -> Result<(), Error> {
    println!("{:?} {}", response.version(), response.status());
    for (name, value) in response.headers() {
        println!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
    }
    println!();
    let is_json = response.content_type().is_some_and(|found| found.ends_with("json"));
    match is_json {
        true => println!("{:#}", response.json::<serde_json::Value>()?),
        false => println!("{}", response.text()?),
    }
    Ok(())
}

fn explain(error: &Error) {
    eprintln!("error: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  caused by: {error}");
        cause = error.source();
    }
    eprintln!("kind: {:?}", error.kind());
    eprintln!(
        "sent: {:?}, after {} attempt(s) and {:?}",
        error.sent(),
        error.attempts(),
        error.elapsed()
    );
    if !error.body().is_empty() {
        eprintln!("body: {}", String::from_utf8_lossy(error.body()));
    }
    eprintln!("advice: {}", advice(error));
}

fn advice(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Build(_) => "correct the URL: nothing was sent".into(),
        ErrorKind::Connect(_) => "check the host and the port; it is safe to try again".into(),
        ErrorKind::Timeout(TimeoutError::Connect) => {
            "is the host up? It is safe to try again".into()
        }
        ErrorKind::Status(401 | 403) => "bring credentials".into(),
        ErrorKind::Status(404 | 410) => "it isn't there; trying again won't help".into(),
        ErrorKind::Status(429 | 503) => match error.retry_after() {
            Some(wait) => format!("try again in {wait:?}, as the server asks"),
            None => "try again later".into(),
        },
        ErrorKind::Status(500..=599) => "the server is at fault; try again later".into(),
        ErrorKind::Status(_) => "the server refuses this request as it is".into(),
        ErrorKind::Decode(_) => "the body is not what its content type says".into(),
        _ if error.sent() == Sent::No => "nothing was sent; it is safe to try again".into(),
        _ => "a GET is safe to try again".into(),
    }
}
