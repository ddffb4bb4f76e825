//! Bodies of known length, from files, and from a factory for each attempt.

use std::{
    collections::VecDeque,
    fs, io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use backstop::{Body, BuildError, Error, ErrorKind, Request, Retry, request, reqwest};
use backstop_tests::{Answer, Server};
use futures_core::Stream;
use tokio::io::AsyncReadExt as _;

use crate::support::{SESSION, fetch};

pub(super) struct Parts(VecDeque<io::Result<&'static str>>);

impl Stream for Parts {
    type Item = io::Result<&'static str>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.pop_front())
    }
}

pub(super) fn parts() -> Parts {
    Parts([Ok("one "), Ok("two")].into())
}

/// A file that is removed after the test.
struct Temporary(std::path::PathBuf);

impl Temporary {
    fn new(content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("backstop-upload-{}-{number}.txt", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).expect("a file");
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_stream_of_known_length_must_have_that_length() {
    let server = Server::always(Answer::new(200, ""));
    fetch(Request::post(server.url()).body(Body::sized(7, parts()))).await.expect("200");
    let asked = server.last();
    assert_eq!((asked.header("content-length"), asked.text()), ("7", "one two"));
    assert_eq!(asked.header("transfer-encoding"), "");
    for length in [6, 8] {
        let request = Request::post(server.url()).body(Body::sized(length, parts()));
        let error = fetch(request).await.expect_err("another length");
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    }
    // The length of bytes is known, so a declared length is ignored.
    fetch(Request::post(server.url()).body(Body::from("x").with_length(9))).await.expect("200");
    assert_eq!(server.last().header("content-length"), "1");
}

#[tokio::test]
async fn a_factory_body_is_sent_again_by_retries_and_redirects() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::new(503, ""),
        1 => Answer::redirect(307, "/there"),
        _ => Answer::new(200, asked.body.clone()),
    });
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let body = Body::from_factory(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        parts()
    });
    let retry = Retry::times(1).backoff(Duration::ZERO..Duration::ZERO);
    let request = Request::put(server.url()).body(body.with_length(7)).retry(retry);
    let response = fetch(request).await.expect("200");
    assert_eq!(response.text().expect("text"), "one two");
    assert_eq!(made.load(Ordering::SeqCst), 3);
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.header("content-length") == "7"));
    assert_eq!(asked[2].target, "/there");
}

#[tokio::test]
async fn a_file_is_sent_with_its_length_and_can_be_sent_again() {
    let content = "0123456789".repeat(20_000);
    let file = Temporary::new(&content);
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::redirect(308, "/there"),
        _ => Answer::new(200, asked.body.clone()),
    });
    let body = Body::file(&file.0).await.expect("a file");
    let response = fetch(Request::put(server.url()).body(body)).await.expect("200");
    assert!(response.text().expect("text") == content);
    assert_eq!(server.last().header("content-length"), content.len().to_string());

    let missing = Body::file(file.0.with_extension("missing")).await.expect_err("no file");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    Body::file(std::env::temp_dir()).await.expect_err("a folder");
    // The file is removed before it is sent.
    let body = Body::file(&file.0).await.expect("a file");
    fs::remove_file(&file.0).expect("removed");
    let error = fetch(Request::put(server.url()).body(body)).await.expect_err("gone");
    assert_eq!(error.kind(), ErrorKind::Build(BuildError::Body));
    assert!(format!("{error:#}").contains("No such file"), "{error:#}");
}

#[tokio::test]
async fn an_open_file_is_sent_from_its_position_with_the_remaining_length() {
    let file = Temporary::new("one two");
    let server = Server::always(Answer::new(200, ""));
    let mut open = tokio::fs::File::open(&file.0).await.expect("a file");
    fetch(Request::put(server.url()).body(open.try_clone().await.expect("a handle")))
        .await
        .expect("200");
    let asked = server.last();
    assert_eq!((asked.header("content-length"), asked.text()), ("7", "one two"));

    tokio::io::AsyncSeekExt::seek(&mut open, io::SeekFrom::Start(4)).await.expect("within");
    fetch(Request::put(server.url()).body(open)).await.expect("200");
    let asked = server.last();
    assert_eq!((asked.header("content-length"), asked.text()), ("3", "two"));

    let mut read = tokio::fs::File::open(&file.0).await.expect("a file");
    read.read_exact(&mut [0; 4]).await.expect("bytes");
    fetch(Request::put(server.url()).body(read)).await.expect("200");
    assert_eq!(server.last().text().len() % 7, server.last().text().len(), "no more than the rest");
}

#[tokio::test]
async fn a_form_with_files_has_a_content_length() {
    let file = Temporary::new("content of the file");
    let server = Server::always(Answer::new(200, ""));
    let part = reqwest::multipart::Part::file(&file.0).await.expect("a file");
    let form = reqwest::multipart::Form::new().text("name", "Ada").part("file", part);
    fetch(Request::post(server.url()).multipart(form)).await.expect("200");
    let asked = server.last();
    assert_eq!(asked.header("content-length"), asked.body.len().to_string());
    assert!(asked.text().contains("content of the file"), "{}", asked.text());
}

#[tokio::test]
async fn progress_is_counted_anew_for_each_send() {
    let file = Temporary::new(vec![b'x'; 200_000]);
    let from_file = Body::file(&file.0).await.expect("a file");
    for body in [from_file, Body::from(vec![b'x'; 200_000])] {
        let count = AtomicUsize::new(0);
        let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => Answer::redirect(307, "/there"),
            _ => Answer::new(200, ""),
        });
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let body = body.on_progress(move |sent| told.lock().expect("no panic").push(sent));
        fetch(Request::put(server.url()).body(body)).await.expect("200");
        assert_eq!(server.last().header("content-length"), "200000");
        let seen = seen.lock().expect("no panic").clone();
        let ends: Vec<usize> = seen
            .iter()
            .enumerate()
            .filter(|(_, sent)| **sent == 200_000)
            .map(|(at, _)| at)
            .collect();
        assert_eq!(ends.len(), 2, "{seen:?}");
        assert!(seen[..=ends[0]].is_sorted() && seen[ends[0] + 1..].is_sorted(), "{seen:?}");
        assert!(seen.len() > 4, "in more than one part: {seen:?}");
    }
}

/// The client does not wait for `100 Continue`.
#[tokio::test]
async fn expect_continue_is_sent_together_with_the_body() {
    let server = Server::always(Answer::new(200, ""));
    let request = Request::put(server.url()).header("expect", "100-continue").body("text");
    fetch(request).await.expect("200");
    let asked = server.last();
    assert_eq!((asked.header("expect"), asked.text()), ("100-continue", "text"));
}

#[request(put = "{url}", session = SESSION, body = body, retry(times = 1, backoff(0ms..1ms)))]
async fn upload(url: &str, body: Body) -> Result<(), Error>;

#[tokio::test]
async fn a_function_can_retry_an_upload_of_a_file() {
    let file = Temporary::new("text");
    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::Reset,
        _ => Answer::new(200, ""),
    });
    let body = Body::file(&file.0).await.expect("a file");
    upload(&server.url(), body).await.expect("200");
    assert_eq!(server.last().text(), "text");
}
