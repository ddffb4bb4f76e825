//! Pages, events and downloads under a script, without a network and without waiting.

use std::time::Duration;

use backstop::{
    BodyError, Download, Error, Events, Pages, Request, Session, request,
    testing::{Reply, Script},
};

#[request(get = "https://a.test/orgs/{org}/list")]
async fn list(org: &str) -> Result<Pages<Vec<u8>>, Error>;

#[tokio::test]
async fn the_script_answers_pages_and_prefetched_pages() {
    for prefetch in [false, true] {
        let script = Script::new();
        let first = Reply::json(&[1]).header("link", "<?page=2>; rel=next");
        let route =
            script.get("https://a.test/orgs/{org}/list").reply(first).then(Reply::json(&[2]));
        let pages = script.run(async {
            let mut items = list("rust").await?.prefetch(prefetch).items();
            let mut found = Vec::new();
            while let Some(item) = items.item().await? {
                found.push(item);
            }
            Ok::<_, Error>(found)
        });
        assert_eq!(pages.await.expect("pages"), [1, 2]);
        route.assert_calls(2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_of_events_reconnects_at_once_under_a_paused_clock() {
    let script = Script::new();
    let stream =
        |events: &'static str| Reply::text(events).header("content-type", "text/event-stream");
    let route = script
        .get("https://a.test/news")
        .reply(stream("retry: 3600000\nid: 7\ndata: a\n\n"))
        .then(Reply::status(503))
        .then(stream("data: b\n\n"))
        .then(Reply::status(204));
    let events = script.run(async {
        let request = Request::get("https://a.test/news").reads::<Events<String>>();
        let mut events: Events<String> = Session::shared().fetch(request).await?.read()?;
        let mut found = Vec::new();
        while let Some(data) = events.event().await? {
            found.push(data);
        }
        Ok::<_, Error>(found)
    });
    let begin = tokio::time::Instant::now();
    assert_eq!(events.await.expect("events"), ["a", "b"]);
    // The server asks for one hour before each connection, which is longer than the default delay.
    assert!(begin.elapsed() >= Duration::from_secs(3 * 3600), "{:?}", begin.elapsed());
    route.assert_calls(4);
    assert_eq!(route.last().header("last-event-id"), Some("7"));
}

#[tokio::test(start_paused = true)]
async fn the_script_answers_a_resumed_download() {
    let script = Script::new();
    let broken = Reply::parts(["one"]).header("etag", "\"a\"").header("content-length", "6");
    let rest = Reply::bytes("two").with_status(206).header("content-range", "bytes 3-5/6");
    script.get("https://a.test/file").reply(broken.breaks(BodyError::Truncated)).then(rest);
    let bytes = script.run(async {
        let request = Request::get("https://a.test/file").reads::<Download>();
        let mut download: Download = Session::shared().fetch(request).await?.read()?;
        let mut bytes = Vec::new();
        while let Some(part) = download.part().await? {
            bytes.extend_from_slice(&part);
        }
        Ok::<_, Error>(bytes)
    });
    assert_eq!(bytes.await.expect("whole"), b"onetwo");
    assert_eq!(script.last().header("if-range"), Some("\"a\""));
}
