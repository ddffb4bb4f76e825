//! The memory that a server can make a client allocate. The allocator of this program counts for all
//! threads, so there is one test in a program of its own.
//!
//! `BACKSTOP_MEMORY_MIB=1024 cargo test --release -p backstop-tests --test memory` reads a gibibyte of each stream.

use std::time::Duration;

use backstop::{
    BodyError, Download, Error, ErrorKind, Events, FromResponse, JsonLines, Lines, Request, Session,
};
use backstop_tests::faults::{Endpoint, Step};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MIB: usize = 1024 * 1024;

/// The memory that a call may need besides its body: the buffers of a connection, and a decoder.
const BESIDES: usize = MIB;

/// 256 MiB in about 260 KiB.
const BOMB: usize = 256 * MIB;

/// A gzip member of zeros, flushed after each MiB: all compressed MiBs are equal, so one is compressed
/// and then repeated.
fn bomb() -> Vec<u8> {
    use flate2::{Compress, Compression, Crc, FlushCompress};

    let zeros = vec![0; MIB];
    let mut deflate = Compress::new(Compression::best(), false);
    let mut block = Vec::with_capacity(8 * 1024);
    deflate.compress_vec(&zeros, &mut block, FlushCompress::Full).expect("compressed");
    let mut crc = Crc::new();
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    for _ in 0..BOMB / MIB {
        bomb.extend_from_slice(&block);
        crc.update(&zeros);
    }
    // An empty last block, the checksum and the length.
    bomb.extend_from_slice(&[0x03, 0x00]);
    bomb.extend_from_slice(&crc.sum().to_le_bytes());
    bomb.extend_from_slice(&crc.amount().to_le_bytes());
    assert!(bomb.len() < 280 * 1024, "{}", bomb.len());
    bomb
}

/// A server that answers each connection with a head, and then with this body.
fn answering(status: &str, headers: &str, body: Step) -> Endpoint {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    Endpoint::script(vec![vec![Step::ReadRequest, Step::send(head), body]]).expect("a port")
}

/// The peak of the memory that was allocated while this ran, beyond the current usage.
async fn peak<T>(run: impl Future<Output = T>) -> (T, usize) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let output = tokio::time::timeout(Duration::from_secs(600), run).await.expect("it ends");
    (output, ALLOCATOR.peak_usage().saturating_sub(before))
}

async fn read_on(session: &Session, request: Request) -> Result<usize, Error> {
    let mut body = session.fetch(request.streaming(true)).await?.into_stream();
    let mut length = 0;
    while let Some(part) = body.part().await? {
        length += part.len();
    }
    Ok(length)
}

#[tokio::test]
async fn a_server_cannot_make_the_client_exceed_its_memory_limits() {
    let session = Session::builder().no_proxy().build().expect("a session");
    let gzip = bomb();
    let length = format!("content-encoding: gzip\r\ncontent-length: {}\r\n", gzip.len());
    let bomb = answering("200 OK", &length, Step::Send(gzip.clone()));
    let bomb_of_an_error = answering("500 No", &length, Step::Send(gzip));
    let endless = || Step::Loop(vec![Step::Send(vec![b'x'; 64 * 1024])]);
    let endless_error = answering("503 No", "", endless());
    let endless = answering("200 OK", "", endless());
    let liar =
        answering("200 OK", &format!("content-length: {}\r\n", 15 * MIB), Step::send("short"));
    let get = |server: &Endpoint| Request::get(format!("http://{}/", server.address()));
    let kind_of = |outcome: Result<usize, Error>| outcome.map_err(|error| error.kind());
    let too_large = Err(ErrorKind::Body(BodyError::TooLarge));
    let whole = async |request| session.fetch(request).await?.bytes().map(|body| body.len());
    // The first call builds the client, which the session keeps.
    whole(get(&liar)).await.expect_err("cut short");

    // A growing buffer briefly needs its old and its new capacity: the limit, and half of it.
    for (limit, server) in
        [(16, &bomb), (4, &bomb), (16, &endless)].map(|(limit, server)| (limit * MIB, server))
    {
        let (read, peak) = peak(whole(get(server).max_body(limit as u64))).await;
        assert_eq!(kind_of(read), too_large);
        assert!(peak <= limit + limit / 2 + BESIDES, "{peak} of {limit}");
        assert!(peak >= limit, "{peak}: it counts");
    }

    let (read, peak_of) = peak(read_on(&session, get(&bomb).max_body(4 * MIB as u64))).await;
    assert_eq!(kind_of(read), too_large);
    assert!(peak_of <= BESIDES, "{peak_of}");

    let (read, peak_of) = peak(read_on(&session, get(&bomb))).await;
    assert_eq!(kind_of(read), Ok(BOMB), "without a limit, a streamed body is not kept");
    assert!(peak_of <= BESIDES, "{peak_of}");

    for server in [&bomb_of_an_error, &endless_error] {
        let (error, peak_of) = peak(session.fetch(get(server))).await;
        let error = error.expect_err("no success");
        assert!(error.is_status(), "{error:#}");
        assert_eq!(error.body().len(), 8 * 1024);
        assert!(peak_of <= BESIDES, "{peak_of}");
        let before = ALLOCATOR.current_usage();
        drop(error);
        let kept = before - ALLOCATOR.current_usage();
        assert!(kept <= 32 * 1024, "an error kept {kept} bytes");
    }

    streams_are_flat(&session).await;

    let (read, peak_of) = peak(whole(get(&liar))).await;
    assert_eq!(kind_of(read), Err(ErrorKind::Body(BodyError::Truncated)));
    assert!(peak_of <= BESIDES, "{peak_of}: the announced length is not allocated");
}

/// The number of bytes to read from a stream: 64 MiB, or `BACKSTOP_MEMORY_MIB`.
fn much() -> usize {
    let mebibytes = std::env::var("BACKSTOP_MEMORY_MIB").ok().and_then(|text| text.parse().ok());
    mebibytes.unwrap_or(64) * MIB
}

async fn open<T: FromResponse>(session: &Session, server: &Endpoint) -> T {
    let request = Request::get(format!("http://{}/", server.address())).reads::<T>();
    session.fetch(request).await.expect("200").read().expect("open")
}

/// A stream of any length holds no more than one part and one item in memory.
async fn streams_are_flat(session: &Session) {
    let much = much();
    let endless = |headers: &str, item: &str| {
        let block = item.repeat(64 * 1024 / item.len());
        answering("200 OK", headers, Step::Loop(vec![Step::send(block)]))
    };
    let line = format!("{{\"id\":7,\"text\":\"{}\"}}\n", "x".repeat(100));
    let event = format!("id: 7\ndata: {}\n\n", "x".repeat(100));

    let server = endless("", &line);
    let (_, peak_of) = peak(async {
        let (mut lines, mut read) = (open::<Lines>(session, &server).await, 0);
        while read < much {
            read += lines.line().await.expect("a line").expect("endless").len();
        }
    })
    .await;
    assert!(peak_of <= BESIDES, "{peak_of} for lines");

    let (_, peak_of) = peak(async {
        let mut values = open::<JsonLines<serde_json::Value>>(session, &server).await;
        // Decoding the values is slow in a debug build.
        let much = if cfg!(debug_assertions) { much / 8 } else { much };
        for _ in 0..much / line.len() {
            values.value().await.expect("a value").expect("endless");
        }
    })
    .await;
    assert!(peak_of <= BESIDES, "{peak_of} for values");

    let server = endless("content-type: text/event-stream\r\n", &event);
    let (_, peak_of) = peak(async {
        let mut events = open::<Events<String>>(session, &server).await;
        for _ in 0..much / event.len() {
            events.event().await.expect("an event").expect("endless");
        }
    })
    .await;
    assert!(peak_of <= BESIDES, "{peak_of} for events");

    // Nothing is read for a while: meanwhile the data of the server is not buffered.
    let server = endless("", &line);
    let (_, peak_of) = peak(async {
        let mut download = open::<Download>(session, &server).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mut read = 0;
        while read < much {
            read += download.part().await.expect("a part").expect("endless").len();
        }
    })
    .await;
    assert!(peak_of <= BESIDES, "{peak_of} for a download");
}
