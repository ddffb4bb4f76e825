//! Downloads that are interrupted and resumed.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{BodyError, Download, Error, ErrorKind, Progress, Request, TimeoutError, request};
use backstop_tests::{
    Answer, Asked, Server,
    faults::{Endpoint, Step},
};

use crate::support::{SESSION, bounded, fetch, gzip};

/// A folder that is removed after the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("backstop-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file.bin")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder").flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn part_of(path: &Path) -> PathBuf {
    path.with_extension("bin.part")
}

/// Bytes that are the same in each run, and depend on their position.
fn content(length: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let word = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(word).collect();
    bytes.truncate(length);
    bytes
}

/// The content of a server, and how it is sent.
#[derive(Clone)]
struct Served {
    content: Arc<Vec<u8>>,
    /// A header that identifies the content.
    validator: &'static str,
    /// The number of bytes after which a response breaks off.
    cut: usize,
    ranges: bool,
}

impl Served {
    fn new(length: usize, cut: usize) -> Self {
        let content = Arc::new(content(length));
        Self { content, validator: "etag: \"one\"\r\n", cut, ranges: true }
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let length = self.content.len();
        let first = asked.header("range").strip_prefix("bytes=");
        let first: Option<usize> =
            first.and_then(|range| range.strip_suffix('-')?.parse().ok()).filter(|_| self.ranges);
        let is_same = self.validator.trim_end().ends_with(asked.header("if-range"));
        let (head, rest) = match first {
            Some(first) if is_same && first >= length => {
                let head = format!("416 No\r\ncontent-range: bytes */{length}");
                (format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n"), &[][..])
            }
            Some(first) if is_same => {
                let range = format!("content-range: bytes {first}-{}/{length}", length - 1);
                (format!("HTTP/1.1 206 Part\r\n{range}\r\n"), &self.content[first..])
            }
            _ => ("HTTP/1.1 200 OK\r\n".to_owned(), &self.content[..]),
        };
        let mut response = head;
        if !response.ends_with("\r\n\r\n") {
            response.push_str(self.validator);
            response.push_str(&format!("content-length: {}\r\n\r\n", rest.len()));
        }
        let mut response = response.into_bytes();
        response.extend_from_slice(&rest[..rest.len().min(self.cut)]);
        Answer::Raw(response)
    }

    fn start(self) -> Server {
        Server::start(move |asked| self.answer(asked))
    }
}

/// A server whose answers depend on the number of earlier requests.
fn server(answer: impl Fn(usize, &Asked) -> Answer + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |asked| answer(count.fetch_add(1, Ordering::SeqCst), asked))
}

async fn download(server: &Server) -> Result<Download, Error> {
    fetch(Request::get(server.url()).reads::<Download>()).await?.read()
}

async fn read(mut download: Download) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(part) = bounded(download.part()).await? {
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

fn ranges(server: &Server) -> Vec<String> {
    server.asked().iter().map(|asked| asked.header("range").to_owned()).collect()
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec()
}

#[tokio::test]
async fn a_file_is_complete_after_ten_lost_connections() {
    let served = Served::new(100_000_000, 9_500_000);
    let expected = sha256(&served.content);
    let server = served.start();
    let folder = Folder::new();
    let last = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&last);
    let download = download(&server).await.expect("200").on_progress(move |progress| {
        *seen.lock().expect("no panic") = Some(progress);
    });
    let length = bounded(download.save(folder.file())).await.expect("whole");
    assert_eq!(length, 100_000_000);
    assert_eq!(sha256(&fs::read(folder.file()).expect("a file")), expected);
    assert_eq!(folder.names(), ["file.bin"]);
    let Some(Progress { received, total, resumed, .. }) = *last.lock().expect("no panic") else {
        panic!("no progress");
    };
    assert_eq!((received, total, resumed), (length, Some(length), 10));
    let asked = server.asked();
    assert_eq!(asked.len(), 11);
    assert_eq!(asked[0].header("accept-encoding"), "identity");
    for (number, asked) in asked.iter().enumerate().skip(1) {
        assert_eq!(asked.header("range"), format!("bytes={}-", 9_500_000 * number));
        assert_eq!(asked.header("if-range"), "\"one\"");
    }
}

#[tokio::test]
async fn a_streamed_download_resumes_by_last_modified() {
    let date =
        "last-modified: Fri, 27 Nov 2026 12:00:00 GMT\r\ndate: Fri, 27 Nov 2026 12:00:09 GMT\r\n";
    for validator in ["etag: \"one\"\r\n", date] {
        let served = Served { validator, ..Served::new(1000, 300) };
        let answering = served.clone();
        // The server compares the date as text.
        let server = Server::start(move |asked| {
            let mut asked = asked.clone();
            if asked.header("if-range").ends_with("GMT") {
                assert_eq!(asked.header("if-range"), "Fri, 27 Nov 2026 12:00:00 GMT");
                asked.headers.remove("if-range");
            }
            answering.answer(&asked)
        });
        let bytes = read(download(&server).await.expect("200")).await.expect("whole");
        assert!(bytes == *served.content);
        assert_eq!(ranges(&server), ["", "bytes=300-", "bytes=600-", "bytes=900-"]);
    }
}

#[tokio::test]
async fn a_server_that_ignores_ranges_is_read_from_the_start() {
    let served = Served { ranges: false, ..Served::new(1000, 1000) };
    let content = Arc::clone(&served.content);
    let server = server(move |count, asked| {
        Served { cut: 400 * (count + 1), ..served.clone() }.answer(asked)
    });
    let bytes = read(download(&server).await.expect("200")).await.expect("whole");
    assert!(bytes == *content);
    assert_eq!(ranges(&server), ["", "bytes=400-", "bytes=800-"]);
}

#[tokio::test]
async fn changed_content_is_never_mixed() {
    let one = Served::new(1000, 300);
    let two = Served {
        content: Arc::new(vec![b'2'; 1000]),
        validator: "etag: \"two\"\r\n",
        ..Served::new(0, 2000)
    };
    for heeds_if_range in [true, false] {
        let (one, two) = (one.clone(), two.clone());
        let start = || {
            let (one, two) = (one.clone(), two.clone());
            server(move |count, asked| {
                let mut asked = asked.clone();
                if !heeds_if_range {
                    asked.headers.remove("if-range");
                }
                if count == 0 { one.answer(&asked) } else { two.answer(&asked) }
            })
        };
        let error = read(download(&start()).await.expect("200")).await.expect_err("changed");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
        assert!(error.to_string().contains("its content has changed"), "{error}");
        assert!(error.url().is_some());

        let (folder, server) = (Folder::new(), start());
        let download = download(&server).await.expect("200");
        assert_eq!(bounded(download.save(folder.file())).await.expect("the new one"), 1000);
        assert!(fs::read(folder.file()).expect("a file") == *two.content);
        assert_eq!(folder.names(), ["file.bin"]);
    }
}

#[tokio::test]
async fn an_unexpected_range_is_refused() {
    for head in [
        "content-range: bytes 0-999/1000\r\n",
        "content-range: bytes 301-999/1000\r\n",
        "content-range: bytes 300-999/2000\r\n",
        "content-range: bytes 300-999/1000\r\ncontent-encoding: gzip\r\n",
        "content-type: multipart/byteranges; boundary=x\r\n",
    ] {
        let served = Served::new(1000, 300);
        let server = server(move |count, asked| match count {
            0 => served.answer(asked),
            _ => Answer::Raw(
                format!("HTTP/1.1 206 Part\r\n{head}content-length: 700\r\n\r\n{:700}", "")
                    .into_bytes(),
            ),
        });
        let error = read(download(&server).await.expect("200")).await.expect_err(head);
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
        assert!(error.to_string().contains("its content has changed"), "{error}");
    }
}

#[tokio::test]
async fn ranges_may_be_shorter_than_requested() {
    let content = content(1000);
    let expected = content.clone();
    let server = server(move |_, asked| {
        let first: usize = match asked.header("range").strip_prefix("bytes=") {
            Some(range) => range.trim_end_matches('-').parse().expect("a number"),
            None => {
                let head = "HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-length: 1000\r\n\r\n";
                return Answer::Raw([head.as_bytes(), &content[..100]].concat());
            }
        };
        let last = (first + 400).min(1000) - 1;
        Answer::new(206, &content[first..=last])
            .header("content-range", format!("bytes {first}-{last}/1000"))
    });
    assert!(read(download(&server).await.expect("200")).await.expect("whole") == expected);
    assert_eq!(ranges(&server), ["", "bytes=100-", "bytes=500-", "bytes=900-"]);
}

#[tokio::test]
async fn content_without_a_validator_is_not_resumed() {
    for validator in ["", "etag: W/\"weak\"\r\n"] {
        let served = Served { validator, ..Served::new(1000, 300) };
        let server = served.clone().start();
        let error = read(download(&server).await.expect("200")).await.expect_err("cut short");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
        assert_eq!(server.asked().len(), 1);

        // A file is downloaded again from the start, as long as each attempt gets further.
        let (folder, content) = (Folder::new(), Arc::clone(&served.content));
        let server = server_that_heals(served);
        let download = download(&server).await.expect("200");
        assert_eq!(bounded(download.save(folder.file())).await.expect("whole"), 1000);
        assert!(fs::read(folder.file()).expect("a file") == *content);
        assert_eq!(ranges(&server), ["", "", ""]);
    }
}

/// A server whose responses break off later each time.
fn server_that_heals(served: Served) -> Server {
    server(move |count, asked| Served { cut: 400 * (count + 1), ..served.clone() }.answer(asked))
}

#[tokio::test]
async fn a_download_without_progress_fails() {
    for validator in ["etag: \"one\"\r\n", ""] {
        let served = Served { validator, ..Served::new(1000, 300) };
        let server = server(move |count, asked| match count {
            0 => served.answer(asked),
            _ => Served { cut: 0, ..served.clone() }.answer(asked),
        });
        let folder = Folder::new();
        let download = download(&server).await.expect("200").retries(2);
        let error = bounded(download.save(folder.file())).await.expect_err("no further");
        assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
        assert_eq!(server.asked().len(), 3);
        let kept: &[&str] = match validator {
            "" => &[],
            _ => &["file.bin.part", "file.bin.part.json"],
        };
        assert_eq!(folder.names(), kept);
    }
}

#[tokio::test]
async fn a_permanent_failure_is_reported_at_once() {
    for (answer, status) in [
        (Answer::new(403, "expired"), 403),
        // A longer delay than any client would choose.
        (Answer::new(503, "expired").header("retry-after", "3600"), 503),
    ] {
        let served = Served::new(1000, 300);
        let server = server(move |count, asked| match count {
            0 => served.answer(asked),
            _ => answer.clone(),
        });
        let error = read(download(&server).await.expect("200")).await.expect_err("refused");
        assert_eq!((error.kind(), &**error.body()), (ErrorKind::Status(status), &b"expired"[..]));
        assert_eq!(server.asked().len(), 2);
    }
}

#[tokio::test]
async fn the_part_of_an_earlier_run_is_resumed() {
    let served = Served::new(1000, 300);
    let content = Arc::clone(&served.content);
    let folder = Folder::new();
    let server = server(move |count, asked| {
        Served { cut: if count == 0 { 300 } else { 1000 }, ..served.clone() }.answer(asked)
    });
    let broken = download(&server).await.expect("200").retries(0);
    bounded(broken.save(folder.file())).await.expect_err("cut short");
    assert_eq!(fs::read(part_of(&folder.file())).expect("a part"), &content[..300]);

    let again = download(&server).await.expect("200");
    assert_eq!(bounded(again.save(folder.file())).await.expect("whole"), 1000);
    assert!(fs::read(folder.file()).expect("a file") == *content);
    assert_eq!(folder.names(), ["file.bin"]);
    assert_eq!(ranges(&server), ["", "", "bytes=300-"]);
}

#[tokio::test]
async fn a_complete_part_is_kept_and_changed_content_restarts() {
    for (kept, validator, asked) in [(1000, "etag: \"one\"\r\n", 1), (1000, "etag: \"new\"\r\n", 1)]
    {
        let folder = Folder::new();
        let served = Served::new(1000, 300);
        let server = server({
            let served = served.clone();
            move |count, asked| match count {
                0 => served.answer(asked),
                _ => Served { cut: 1000, validator, ..served.clone() }.answer(asked),
            }
        });
        let first = download(&server).await.expect("200").retries(0);
        bounded(first.save(folder.file())).await.expect_err("cut short");
        // Another program may have written the rest.
        fs::write(part_of(&folder.file()), &served.content[..kept]).expect("a part");
        let before = server.asked().len();
        let second = download(&server).await.expect("200");
        assert_eq!(bounded(second.save(folder.file())).await.expect("whole"), 1000);
        assert!(fs::read(folder.file()).expect("a file") == *served.content);
        assert_eq!(server.asked().len() - before, asked);
        assert_eq!(folder.names(), ["file.bin"]);
    }
}

#[tokio::test]
async fn a_416_completes_a_download_of_unknown_length() {
    let chunks =
        "HTTP/1.1 200 OK\r\netag: \"a\"\r\ntransfer-encoding: chunked\r\n\r\n4\r\ntext\r\n";
    let server = server(move |count, asked| match (count, asked.header("range")) {
        (0, "") => Answer::Raw(chunks.into()),
        (1, "bytes=4-") => Answer::new(416, "").header("content-range", "bytes */4"),
        other => panic!("{other:?}"),
    });
    assert_eq!(read(download(&server).await.expect("200")).await.expect("whole"), b"text");
}

#[tokio::test]
async fn a_compressed_body_is_read_and_not_resumed() {
    let body = gzip(&content(5000));
    let head = format!(
        "HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (whole, half) = (body.len(), body.len() / 2);
    for (length, is_whole) in [(whole, true), (half, false)] {
        let answer = Answer::Raw([head.as_bytes(), &body[..length]].concat());
        let server = Server::always(answer);
        match read(download(&server).await.expect("200")).await {
            Ok(bytes) => assert!(is_whole && bytes == content(5000)),
            Err(error) => {
                assert!(!is_whole);
                assert_eq!(error.kind(), ErrorKind::Body(BodyError::Truncated));
            }
        }
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_stalled_and_a_reset_download_are_resumed() {
    let head = "HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-length: 9\r\n\r\none";
    let rest = |first: usize, text: &str| {
        let length = 9 - first;
        format!(
            "HTTP/1.1 206 Part\r\netag: \"a\"\r\ncontent-range: bytes {first}-8/9\r\n\
             content-length: {length}\r\n\r\n{text}"
        )
    };
    let server = Endpoint::script(vec![
        vec![Step::ReadRequest, Step::send(head), Step::Hold],
        vec![
            Step::ReadRequest,
            Step::send(rest(3, "two")),
            Step::Wait(Duration::from_millis(50)),
            Step::Reset,
        ],
        vec![Step::ReadRequest, Step::Reset],
        vec![Step::ReadRequest, Step::send(rest(6, "six"))],
    ])
    .expect("a port");
    let request = Request::get(format!("http://{}/", server.address()))
        .idle_timeout(Duration::from_millis(200))
        .reads::<Download>();
    let download: Download = fetch(request).await.expect("200").read().expect("open");
    assert_eq!(read(download).await.expect("whole"), b"onetwosix");
    assert_eq!(server.seen().connections, 4);

    let server = Endpoint::script(vec![vec![Step::ReadRequest, Step::send(head), Step::Hold]])
        .expect("a port");
    let request = Request::get(format!("http://{}/", server.address()))
        .idle_timeout(Duration::from_millis(100))
        .reads::<Download>();
    let download: Download = fetch(request).await.expect("200").read().expect("open");
    let error = read(download.retries(0)).await.expect_err("stalled");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}

#[tokio::test]
async fn two_downloads_to_one_file_do_not_mix() {
    let folder = Folder::new();
    let server = Server::always(Answer::Stall(
        b"HTTP/1.1 200 OK\r\netag: \"a\"\r\ncontent-length: 9\r\n\r\none".to_vec(),
    ));
    let first = tokio::spawn(download(&server).await.expect("200").save(folder.file()));
    bounded(async {
        while !folder.names().contains(&"file.bin.part.json".to_owned()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let second = download(&server).await.expect("200");
    let error = bounded(second.save(folder.file())).await.expect_err("locked");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Storage));
    assert!(error.to_string().contains("another download writes to it"), "{error}");
    first.abort();
    let _ = first.await;
    // The files of a dropped download stay for a later run.
    assert_eq!(folder.names(), ["file.bin.part", "file.bin.part.json"]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_a_storage_error() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("/dev/full", part_of(&folder.file())).expect("a link");
    let server = Served::new(1000, 1000).start();
    let download = download(&server).await.expect("200");
    let error = bounded(download.save(folder.file())).await.expect_err("no space");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Storage));
    let shown = format!("{error:#}");
    assert!(shown.contains("the disk is full; `") && shown.contains("No space left"), "{shown}");
    assert!(error.url().is_some());
    assert!(!folder.file().exists());
}

#[tokio::test]
async fn a_missing_folder_is_an_error() {
    let folder = Folder::new();
    let server = Served::new(10, 10).start();
    let download = download(&server).await.expect("200");
    let path = folder.0.join("missing").join("file");
    let error = bounded(download.save(path)).await.expect_err("no folder");
    assert_eq!(error.kind(), ErrorKind::Body(BodyError::Storage));
    assert!(error.to_string().contains("the file cannot be written"), "{error}");
}

#[request(get = "{url}", session = SESSION, expect(200), on_error(Body(Storage) => recover(0)))]
async fn save(url: &str, path: PathBuf, #[response] file: Download) -> Result<u64, Error> {
    file.save(path).await
}

#[tokio::test]
async fn a_function_can_save_a_download() {
    let folder = Folder::new();
    let server = Served::new(1000, 400).start();
    assert_eq!(bounded(save(&server.url(), folder.file())).await.expect("whole"), 1000);
    let missing = folder.0.join("missing").join("file");
    assert_eq!(bounded(save(&server.url(), missing)).await.expect("recovered"), 0);
}
