//! A client of ten endpoints whose calls share a token, spans, metrics and limits. It is tested without a
//! network, with only the published API.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use backstop::{
    BodyStream, ConnectError, Error, Json, Observer, Session, SessionBuilder, TimeoutError,
    credentials::{Bearer, Token},
    observe::CallReport,
    request, requests,
    testing::{Reply, Script, request_of},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower::limit::ConcurrencyLimitLayer;

// The session, which wraps the calls.

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

#[request(post = "/token", session = session, basic("shop", "s3cret"), retry = 2)]
async fn sign_in(session: &Session) -> Result<Granted, Error>;

/// A session with a renewed token, at most twenty calls in flight, and an observer.
fn session(
    builder: impl Fn() -> SessionBuilder,
    observer: impl Observer,
) -> Result<Session, Error> {
    let plain = builder().build()?;
    let bearer = Bearer::new(move || {
        let plain = plain.clone();
        async move {
            let Granted { access_token, expires_in } = sign_in(&plain).await?;
            Ok::<_, Error>(Token::new(access_token).expires_in(Duration::from_secs(expires_in)))
        }
    });
    builder()
        .credentials(bearer)
        .layer(ConcurrencyLimitLayer::new(20))
        .observer(observer)
        .user_agent("shop/1.0")
        .build()
}

// The service.

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tea {
    id: u64,
    name: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    number: u64,
}

struct Shop {
    session: Session,
}

#[requests(session = self.session, retry = 1)]
impl Shop {
    #[request(get = "/teas?page={page}")]
    async fn teas(&self, page: u32) -> Result<Vec<Tea>, Error>;

    #[request(get = "/teas/{id}", on_error(Status(404) => recover(None)))]
    async fn tea(&self, id: u64) -> Result<Option<Tea>, Error>;

    #[request(post = "/teas", json = tea, retry(times = 2, idempotency_key))]
    async fn add(&self, tea: &Tea) -> Result<Tea, Error>;

    #[request(put = "/teas/{id}", json = tea, header("if-match" = version))]
    async fn replace(&self, id: u64, tea: &Tea, version: &str) -> Result<(), Error>;

    #[request(delete = "/teas/{id}", expect(204 | 404))]
    async fn remove(&self, id: u64) -> Result<(), Error>;

    #[request(get = "/teas/{id}/stock", timeout = 1s, fallback = 0)]
    async fn stock(&self, id: u64) -> u64;

    #[request(get = "/search", query = &[("q", words)])]
    async fn search(&self, words: &str) -> Result<Vec<Tea>, Error>;

    #[request(get = "/teas/{id}/picture", max_body = 1MiB)]
    async fn picture(&self, id: u64) -> Result<Vec<u8>, Error>;

    #[request(get = "/log")]
    async fn log_size(&self, #[response] mut log: BodyStream) -> Result<usize, Error> {
        let mut size = 0;
        while let Some(part) = log.part().await? {
            size += part.len();
        }
        Ok(size)
    }

    #[request(post = "/orders", form = &[("tea", tea)])]
    async fn order(&self, tea: u64, #[response] Json(order): Json<Order>) -> Result<u64, Error> {
        Ok(order.number)
    }
}

// Its tests.

/// Records each call: its template, its outcome and its attempts.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Observer for Calls {
    fn call(&self, call: &CallReport<'_>) {
        let outcome = match (call.error(), call.status()) {
            (Some(error), _) => error.kind().name().into_owned(),
            (None, status) => status.map_or("none".into(), |status| status.as_u16().to_string()),
        };
        let template = call.target().template().unwrap_or_default();
        let note = format!("{template} {outcome} {}", call.attempts());
        self.0.lock().expect("no panic").push(note);
    }
}

/// A shop whose requests a script answers, including the sign-in.
fn shop(script: &Script) -> (Shop, Calls) {
    let granted = |token: &str| json!({"access_token": token, "expires_in": 3600});
    script.post("/token").json(&granted("t1")).then(Reply::json(&granted("t2")));
    let calls = Calls::default();
    let builder = || Session::builder().base_url("https://shop.test").script(script);
    (Shop { session: session(builder, calls.clone()).expect("a session") }, calls)
}

fn sencha() -> Tea {
    Tea { id: 7, name: "Sencha".into() }
}

#[tokio::test]
async fn a_page_is_requested_by_its_number() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/teas?page={page}").with_query("page", 2).json(&[sencha()]).once();
    assert_eq!(shop.teas(2).await.expect("a page"), [sencha()]);
}

#[tokio::test]
async fn an_existing_tea_is_found() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/teas/{id}").with_path("id", 7).json(&sencha()).once();
    assert_eq!(shop.tea(7).await.expect("a tea"), Some(sencha()));
}

#[tokio::test]
async fn a_missing_tea_is_none() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/teas/{id}").problem(404, "no such tea");
    assert_eq!(shop.tea(8).await.expect("none"), None);
}

#[tokio::test]
async fn retries_of_an_addition_have_the_same_idempotency_key() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    let added = script.post("/teas").with_json(&sencha());
    added.clone().status(503).then(Reply::json(&sencha()).with_status(201)).times(2);
    assert_eq!(shop.add(&sencha()).await.expect("added"), sencha());
    let keys: Vec<_> =
        added.requests().iter().map(|it| it.header("idempotency-key").map(str::to_owned)).collect();
    assert!(keys[0].is_some() && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test]
async fn a_tea_is_replaced_only_if_its_version_is_unchanged() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    let replaced = script.put("/teas/{id}").status(412);
    let error = shop.replace(7, &sencha(), "\"v1\"").await.expect_err("changed meanwhile");
    assert_eq!(error.status().expect("a status"), 412);
    replaced.last().assert_header("if-match", "\"v1\"").assert_json(&sencha());
}

#[tokio::test]
async fn removing_a_missing_tea_succeeds() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.delete("/teas/{id}").status(404).once();
    shop.remove(7).await.expect("gone");
}

#[tokio::test]
async fn the_stock_is_none_while_the_server_is_down() {
    let script = Script::new();
    let (shop, calls) = shop(&script);
    script.get("/teas/{id}/stock").fault(ConnectError::Refused);
    assert_eq!(shop.stock(7).await, 0);
    assert_eq!(*calls.0.lock().expect("no panic"), ["/teas/{id}/stock connect.refused 2"]);
}

#[tokio::test(start_paused = true)]
async fn the_stock_has_a_short_timeout() {
    let script = Script::new();
    let (shop, calls) = shop(&script);
    script.get("/teas/{id}/stock").reply(Reply::silence());
    assert_eq!(shop.stock(7).await, 0);
    let total = backstop::ErrorKind::from(TimeoutError::Total).name();
    assert!(calls.0.lock().expect("no panic")[0].contains(&*total));
}

#[tokio::test]
async fn search_terms_are_encoded() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    let search = script.get("/search").json(&[sencha()]);
    shop.search("green & white").await.expect("teas");
    search.last().assert_url("https://shop.test/search?q=green+%26+white");
}

#[tokio::test]
async fn a_picture_is_returned_as_bytes() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/teas/{id}/picture").bytes(&b"\x89PNG"[..]);
    assert_eq!(shop.picture(7).await.expect("a picture"), b"\x89PNG");
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_refused() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/teas/{id}/picture").bytes(vec![0; 2 << 20]);
    assert_eq!(shop.picture(7).await.expect_err("large").kind().name(), "body.too_large");
}

#[tokio::test]
async fn a_log_is_counted_as_it_arrives() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/log").reply(Reply::ok().part("one\n").part("two\n"));
    assert_eq!(shop.log_size().await.expect("a log"), 8);
}

#[tokio::test]
async fn an_order_is_sent_once() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.post("/orders").status(503).once();
    assert_eq!(shop.order(7).await.expect_err("busy").attempts(), 1);
}

#[tokio::test]
async fn the_number_of_an_order_is_returned() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.post("/orders").with_form("tea", 7).json(&json!({"number": 41})).once();
    assert_eq!(shop.order(7).await.expect("an order"), 41);
}

#[tokio::test]
async fn an_order_without_a_number_is_an_error_that_names_the_field() {
    let script = Script::new();
    let (shop, calls) = shop(&script);
    script.post("/orders").json(&json!({}));
    let error = shop.order(7).await.expect_err("no number");
    assert!(format!("{error:#}").contains("`number`"), "{error:#}");
    assert_eq!(*calls.0.lock().expect("no panic"), ["/orders decode.shape 1"]);
}

#[tokio::test]
async fn the_token_is_fetched_once_and_renewed_when_it_is_refused() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    let search = script.get("/search");
    search.clone().json(&[sencha()]).then(Reply::status(401)).then(Reply::json(&[sencha()]));
    for _ in 0..2 {
        shop.search("green").await.expect("teas");
    }
    let tokens = script.requests().iter().filter(|it| it.url().path() == "/token").count();
    assert_eq!(tokens, 2);
    search.last().assert_header("authorization", "Bearer t2");
}

#[tokio::test]
async fn every_request_has_a_user_agent() {
    let script = Script::new();
    let (shop, _) = shop(&script);
    script.get("/teas?page={page}").json(&json!([]));
    shop.teas(1).await.expect("a page");
    script
        .last()
        .assert_header("user-agent", "shop/1.0")
        .assert_header("authorization", "Bearer t1");
    let asked = request_of(sign_in(&shop.session)).await;
    assert_eq!(asked.method(), "POST");
}
