//! The limits, including those that are not settings.

use backstop::{BodyError, DecodeError, ErrorKind, Request};
use backstop_tests::{Answer, Server};
use serde_json::Value;

use crate::support::{fetch, gzip};

async fn kind_of(answer: Answer) -> Option<ErrorKind> {
    let server = Server::always(answer);
    fetch(Request::get(server.url())).await.err().map(|error| error.kind())
}

#[tokio::test]
async fn a_head_of_more_than_100_headers_is_refused() {
    let answer = |count| {
        let more: String = (1..count).map(|number| format!("x-{number}: 1\r\n")).collect();
        Answer::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{more}\r\n").into_bytes())
    };
    assert_eq!(kind_of(answer(100)).await, None);
    assert_eq!(kind_of(answer(101)).await, Some(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_head_of_more_than_about_400_kib_is_refused() {
    let answer = |kib: usize| {
        let long = "x".repeat(kib * 1024);
        Answer::Raw(
            format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {long}\r\n\r\n").into_bytes(),
        )
    };
    assert_eq!(kind_of(answer(390)).await, None);
    assert_eq!(kind_of(answer(800)).await, Some(ErrorKind::Protocol));
}

/// A body up to the limit is read, and one byte more is refused, for every framing and coding.
#[tokio::test]
async fn a_body_larger_than_its_limit_is_refused() {
    let chunks = |chunks: &[&str]| {
        let chunks: String =
            chunks.iter().map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len())).collect();
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        Answer::Raw(format!("{head}{chunks}0\r\n\r\n").into_bytes())
    };
    let to_its_end = Answer::Raw(b"HTTP/1.1 200 OK\r\n\r\n0123456789".to_vec());
    let coded = |members: &[&[u8]]| {
        let members: Vec<u8> = members.iter().flat_map(|plain| gzip(plain)).collect();
        Answer::new(200, members).header("content-encoding", "gzip")
    };
    for (answer, length) in [
        (Answer::new(200, "0123456789"), 10),
        (chunks(&["0123456789"]), 10),
        (chunks(&["0123", "4", "56789"]), 10),
        (to_its_end, 10),
        (coded(&[b"0123456789"]), 10),
        (coded(&[b"", b"01234", b"", b"56789", b""]), 10),
        (Answer::new(200, ""), 0),
        (chunks(&[]), 0),
        (coded(&[]), 0),
        (coded(&[b"", b""]), 0),
    ] {
        let shown = format!("{answer:?}");
        let server = Server::always(answer);
        for limit in [0, 1, 4, 9, 10, 11, u64::MAX] {
            let read = fetch(Request::get(server.url()).max_body(limit)).await;
            let read = read.and_then(|response| response.bytes().cloned());
            match limit >= length {
                true => assert_eq!(read.expect(&shown), &b"0123456789"[..length as usize]),
                false => assert_eq!(
                    read.expect_err(&shown).kind(),
                    ErrorKind::Body(BodyError::TooLarge),
                    "{shown} {limit}"
                ),
            }
        }
    }
}

/// On a thread with a small stack.
#[test]
fn json_deeper_than_127_levels_is_refused() {
    let read = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        for (depth, is_read) in [(127, true), (128, false), (1_000_000, false)] {
            let server = Server::always(Answer::json("[".repeat(depth) + &"]".repeat(depth)));
            let response = runtime.block_on(fetch(Request::get(server.url()))).expect("200");
            let kind = response.json::<Value>().err().map(|error| error.kind());
            let expected = ErrorKind::Decode(DecodeError::Syntax);
            // A syntax error, because no type can read it.
            assert_eq!(kind, (!is_read).then_some(expected), "{depth}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(read);
    thread.expect("a thread").join().expect("no stack overflow");
}
