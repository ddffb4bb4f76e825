//! Where the limits lie that nobody sets.

use backstop::{DecodeError, ErrorKind, Request};
use backstop_tests::{Answer, Server};
use serde_json::Value;

use crate::support::fetch;

async fn kind_of(answer: Answer) -> Option<ErrorKind> {
    let server = Server::always(answer);
    fetch(Request::get(server.url())).await.err().map(|error| error.kind())
}

#[tokio::test]
async fn a_head_has_100_headers_at_most() {
    let answer = |count| {
        let more: String = (1..count).map(|number| format!("x-{number}: 1\r\n")).collect();
        Answer::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{more}\r\n").into_bytes())
    };
    assert_eq!(kind_of(answer(100)).await, None);
    assert_eq!(kind_of(answer(101)).await, Some(ErrorKind::Protocol));
}

#[tokio::test]
async fn a_head_has_about_400_kib_at_most() {
    let answer = |kib: usize| {
        let long = "x".repeat(kib * 1024);
        Answer::Raw(
            format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {long}\r\n\r\n").into_bytes(),
        )
    };
    assert_eq!(kind_of(answer(390)).await, None);
    assert_eq!(kind_of(answer(800)).await, Some(ErrorKind::Protocol));
}

/// On a thread whose stack would not bear much more.
#[test]
fn json_nests_127_levels_deep_at_most() {
    let read = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        for (depth, is_read) in [(127, true), (128, false), (1_000_000, false)] {
            let server = Server::always(Answer::json("[".repeat(depth) + &"]".repeat(depth)));
            let response = runtime.block_on(fetch(Request::get(server.url()))).expect("200");
            let kind = response.json::<Value>().err().map(|error| error.kind());
            let expected = ErrorKind::Decode(DecodeError::Syntax);
            // Not its shape: no type could read it.
            assert_eq!(kind, (!is_read).then_some(expected), "{depth}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(read);
    thread.expect("a thread").join().expect("it has stack enough");
}
