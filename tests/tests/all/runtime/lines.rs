//! Bodies by the line and by the JSON value, and as `Stream` and `AsyncRead`.

use std::{future::poll_fn, io, pin::Pin, time::Duration};

use backstop::{
    BodyError, BodyStream, DecodeError, Error, ErrorKind, FromResponse, JsonLines, Lines, Request,
    TimeoutError, request,
};
use backstop_tests::{
    Answer, Server,
    faults::{Endpoint, Step},
};
use futures_core::Stream;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

use crate::support::{SESSION, bounded, fetch, gzip};

/// The next item of a `Stream`.
async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    bounded(poll_fn(|context| Pin::new(&mut *stream).poll_next(context))).await
}

/// A chunked response whose chunks have this many bytes.
fn chunked(headers: &str, body: &[u8], size: usize) -> Answer {
    let mut response =
        format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(size) {
        response.extend(format!("{:x}\r\n", chunk.len()).bytes());
        response.extend_from_slice(chunk);
        response.extend_from_slice(b"\r\n");
    }
    response.extend_from_slice(b"0\r\n\r\n");
    Answer::Raw(response)
}

async fn read<T: FromResponse>(url: &str) -> Result<T, Error> {
    fetch(Request::get(url.to_owned()).reads::<T>()).await?.read()
}

async fn all_lines(mut lines: Lines) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    while let Some(line) = bounded(lines.line()).await? {
        all.push(line);
    }
    assert_eq!(lines.line().await.expect("the end again"), None);
    Ok(all)
}

#[tokio::test]
async fn lines_are_complete_in_chunks_of_any_size() {
    let text = "grüße\r\n\n世界\n🦀 \r last";
    for size in 1..=text.len() {
        let server = Server::always(chunked("", text.as_bytes(), size));
        let lines = all_lines(read(&server.url()).await.expect("200")).await.expect("lines");
        assert_eq!(lines, ["grüße", "", "世界", "🦀 \r last"]);
    }
}

#[tokio::test]
async fn lines_are_in_the_charset_of_the_content_type() {
    for (content_type, body, expected) in [
        ("text/plain", "\u{feff}a\n\u{feff}b".as_bytes(), Ok(vec!["a", "\u{feff}b"])),
        ("text/plain; charset=iso-8859-1", b"gr\xFC\xDFe\na", Ok(vec!["grüße", "a"])),
        ("text/plain; charset=iso-8859-1", "\u{feff}ü\nß".as_bytes(), Ok(vec!["ü", "ß"])),
        ("text/plain; charset=utf-16le", b"a\0\n\0", Err(1)),
        ("text/plain", b"\xFF\xFEa\0\n\0", Err(1)),
        ("text/plain", b"a\nb\nc\xFF\n", Err(3)),
    ] {
        let server = Server::always(chunked(&format!("content-type: {content_type}\r\n"), body, 3));
        let lines = all_lines(read(&server.url()).await.expect("200")).await;
        match expected {
            Ok(expected) => assert_eq!(lines.expect(content_type), expected),
            Err(line) => {
                let error = lines.expect_err(content_type);
                assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Charset));
                assert_eq!(error.line(), Some(line), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn an_invalid_line_is_one_error_and_the_next_line_is_read() {
    let server = Server::always(chunked("", b"a\n\xFF\nb\n", 2));
    let mut lines: Lines = read(&server.url()).await.expect("200");
    assert_eq!(next(&mut lines).await.expect("a line").expect("text"), "a");
    let error = next(&mut lines).await.expect("a line").expect_err("not text");
    assert_eq!((error.line(), error.status().map(|status| status.as_u16())), (Some(2), Some(200)));
    assert_eq!(next(&mut lines).await.expect("a line").expect("text"), "b");
    assert!(next(&mut lines).await.is_none());
}

#[tokio::test]
async fn a_line_beyond_the_limit_ends_the_lines() {
    let server = Server::always(chunked("", b"four\r\nfive5\nfour\n", 3));
    let lines: Lines = read(&server.url()).await.expect("200");
    let mut lines = lines.max_line(4);
    assert_eq!(next(&mut lines).await.expect("a line").expect("short"), "four");
    let error = next(&mut lines).await.expect("a line").expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::TooLarge));
    assert_eq!(error.line(), Some(2));
    assert!(error.to_string().ends_with("line 2: it has more than 4 bytes"), "{error}");
    assert!(next(&mut lines).await.is_none());
}

#[tokio::test]
async fn lines_of_a_failed_body_end_with_the_facts_of_the_call() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\nx-id: 7\r\n\r\none\ntwo\nthr".to_vec();
    let server = Server::always(Answer::Raw(cut));
    let url = format!("{}/log?token=s3cret", server.url());
    let mut lines: Lines = read(&url).await.expect("200");
    assert_eq!(lines.line().await.expect("whole").as_deref(), Some("one"));
    assert_eq!(lines.line().await.expect("whole").as_deref(), Some("two"));
    let error = bounded(lines.line()).await.expect_err("cut short");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
    assert_eq!(error.method().map(ToString::to_string).as_deref(), Some("GET"));
    assert_eq!(error.headers()["x-id"], "7");
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("/log?token=REDACTED"), "{error}");
    // An incomplete line is not returned.
    assert_eq!(lines.line().await.expect("the end"), None);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Entry {
    id: u64,
    tags: Vec<String>,
}

#[tokio::test]
async fn an_invalid_json_line_has_its_line_and_path() {
    let body = "\u{feff}{\"id\":1,\"tags\":[\"é\"]}\r\n\n  \t\n{\"id\":2,\"tags\":[\"a\",7]}\n{oops\n\
                {\"id\":3,\"tags\":[]}";
    for size in [1, 2, 7, body.len()] {
        let server = Server::always(chunked("", body.as_bytes(), size));
        let mut entries: JsonLines<Entry> = read(&server.url()).await.expect("200");
        let first = bounded(entries.value()).await.expect("a value");
        assert_eq!(first, Some(Entry { id: 1, tags: vec!["é".into()] }));

        let error = bounded(entries.value()).await.expect_err("a number among the tags");
        assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Shape));
        assert_eq!((error.line(), error.decode_path()), (Some(4), Some("$.tags[1]")));
        assert_eq!(error.body(), r#"{"id":2,"tags":["a",7]}"#);
        assert_eq!(error.url().map(|url| url.path()), Some("/"));
        let shown = format!("{error:#}");
        assert!(shown.contains("line 4: at $.tags[1]"), "{shown}");
        assert!(shown.contains("at line 4 column 21"), "{shown}");

        let error = bounded(entries.value()).await.expect_err("not JSON");
        assert_eq!(error.kind(), ErrorKind::Decode(DecodeError::Syntax));
        assert_eq!(error.line(), Some(5));

        assert_eq!(next(&mut entries).await.expect("a value").expect("JSON").id, 3);
        assert!(next(&mut entries).await.is_none());
    }
}

#[request(get = "{url}", session = SESSION)]
async fn entries(url: &str) -> Result<JsonLines<Entry>, Error>;

#[request(get = "{url}", session = SESSION, on_error(Status(404) => recover(0)))]
async fn count(url: &str, #[response] mut lines: Lines) -> Result<usize, Error> {
    let mut count = 0;
    while lines.line().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[tokio::test]
async fn a_function_returns_or_reads_lines() {
    let server = Server::start(|asked| match asked.path() {
        "/entries" => chunked("", b"{\"id\":1,\"tags\":[]}\n", 4),
        _ => Answer::new(404, ""),
    });
    let url = format!("{}/entries", server.url());
    let mut values = entries(&url).await.expect("200");
    assert_eq!(values.value().await.expect("a value").map(|entry| entry.id), Some(1));
    assert_eq!(count(&url).await.expect("lines"), 1);
    assert_eq!(count(&server.url()).await.expect("recovered"), 0);
}

#[tokio::test]
async fn lines_are_decompressed_and_an_unknown_coding_is_an_error() {
    let head = "content-encoding: gzip\r\n";
    let server = Server::always(chunked(head, &gzip(b"{\"id\":1,\"tags\":[]}\n"), 5));
    let mut entries: JsonLines<Entry> = read(&server.url()).await.expect("200");
    assert_eq!(bounded(entries.value()).await.expect("a value").map(|entry| entry.id), Some(1));

    let server = Server::always(chunked("content-encoding: x-own\r\n", b"abc", 3));
    let error = read::<Lines>(&server.url()).await.expect_err("coded");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Decompress));
}

#[tokio::test]
async fn a_body_stream_implements_stream_and_async_read() {
    let text = "one two three four";
    let server = Server::always(chunked("", text.as_bytes(), 5));
    let mut body: BodyStream = read(&server.url()).await.expect("200");
    let mut start = [0; 7];
    body.read_exact(&mut start).await.expect("bytes");
    assert_eq!(&start, b"one two");
    // Bytes that were read and not consumed come first, for every kind of reader.
    assert_eq!(next(&mut body).await.expect("a part").expect("bytes"), " th");
    let mut rest = String::new();
    body.read_to_string(&mut rest).await.expect("text");
    assert_eq!(rest, "ree four");
    assert!(next(&mut body).await.is_none());

    let mut body: BodyStream = read(&server.url()).await.expect("200");
    let mut word = Vec::new();
    body.read_until(b' ', &mut word).await.expect("bytes");
    assert_eq!(word, b"one ");
}

#[tokio::test]
async fn an_io_error_wraps_the_error_of_the_body() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nshort".to_vec();
    let server = Server::always(Answer::Raw(cut));
    let mut body: BodyStream = read(&server.url()).await.expect("200");
    let error = body.read_to_end(&mut Vec::new()).await.expect_err("cut short");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let error: Error = error.downcast().expect("the body's");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
}

/// The idle timer keeps running while a reader stops polling and polls again.
#[tokio::test]
async fn a_stall_is_a_timeout_even_if_the_reader_polls_again() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\none\n";
    let server = Endpoint::script(vec![vec![Step::ReadRequest, Step::send(head), Step::Hold]])
        .expect("a port");
    let idle = Duration::from_millis(200);
    let request = Request::get(format!("http://{}/", server.address())).idle_timeout(idle);
    let mut lines: Lines =
        fetch(request.reads::<Lines>()).await.expect("200").read().expect("lines");
    assert_eq!(bounded(lines.line()).await.expect("a line").as_deref(), Some("one"));
    let error = bounded(async {
        loop {
            tokio::select! {
                biased;
                line = lines.line() => break line.expect_err("it stalls"),
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}

/// A late reader gets the data that has arrived, not a timeout.
#[tokio::test]
async fn a_slow_reader_causes_no_timeout() {
    let server = Server::always(chunked("", b"one\ntwo\n", 4));
    let request = Request::get(server.url()).idle_timeout(Duration::from_millis(150));
    let mut lines: Lines =
        fetch(request.reads::<Lines>()).await.expect("200").read().expect("lines");
    for expected in ["one", "two"] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(bounded(lines.line()).await.expect("a line").as_deref(), Some(expected));
    }
}
