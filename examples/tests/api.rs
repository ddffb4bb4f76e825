//! A client of an API and its tests, without a network or a server. It uses only the published API.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use backstop::{
    BodyError, BodyStream, ConnectError, DecodeError, Ending, Error, ErrorKind, Json, Sent,
    Session, TimeoutError, request,
    testing::{Reply, Script, request_of},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

static RELEASED: AtomicU32 = AtomicU32::new(0);

fn release() {
    RELEASED.fetch_add(1, Ordering::Relaxed);
}

#[request(
    get = "https://api.example.com/users/{id}",
    on_error(Connect => print, Status(404) => recover(None), _ => log),
    cleanup = release,
)]
async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<Option<User>, Error> {
    Ok(Some(user))
}

#[request(get = "https://api.example.com/report", retry(times = 3, backoff(10s..60s)), timeout = 2m)]
async fn report() -> Result<String, Error>;

#[request(
    post = "https://api.example.com/users?notify={notify}",
    json = user,
    bearer = token,
    retry(times = 1, backoff(1s..1s), idempotency_key),
)]
async fn create(user: &User, notify: Option<bool>, token: &str) -> Result<User, Error>;

#[request(delete = "https://api.example.com/users/{id}", finally = |ending| assert_eq!(ending, Ending::Done))]
async fn delete(id: u64) -> Result<(), Error>;

#[request(get = "https://api.example.com/log")]
async fn log_size(#[response] mut body: BodyStream) -> Result<usize, Error> {
    let mut size = 0;
    while let Some(part) = body.part().await? {
        size += part.len();
    }
    Ok(size)
}

struct Client {
    session: Session,
}

impl Client {
    #[request(get = "/users?page={page}", session = self.session)]
    async fn page(&self, page: u32) -> Result<Vec<User>, Error>;

    /// All pages, up to the first empty one.
    async fn all(&self) -> Result<Vec<User>, Error> {
        let mut users = Vec::new();
        for page in 1.. {
            let mut found = self.page(page).await?;
            if found.is_empty() {
                break;
            }
            users.append(&mut found);
        }
        Ok(users)
    }
}

fn ada() -> User {
    User { id: 7, name: "Ada".into() }
}

#[tokio::test]
async fn a_user_is_found() {
    let script = Script::new();
    script.get("/users/{id}").with_path("id", 7).json(&ada()).once();
    assert_eq!(script.run(user(7)).await.expect("a success"), Some(ada()));
}

#[tokio::test]
async fn a_missing_user_is_none_and_the_cleanup_runs() {
    let script = Script::new();
    script.get("/users/{id}").problem(404, "no such user");
    let before = RELEASED.load(Ordering::Relaxed);
    assert_eq!(script.run(user(8)).await.expect("a success"), None);
    assert!(RELEASED.load(Ordering::Relaxed) > before);
}

#[tokio::test]
async fn a_refused_connection_is_an_unsent_request() {
    let script = Script::new();
    script.get("/users/{id}").fault(ConnectError::Refused);
    let error = script.run(user(7)).await.expect_err("an error");
    assert_eq!((error.kind(), error.sent()), (ConnectError::Refused.into(), Sent::No));
}

#[tokio::test]
async fn every_failure_except_a_404_is_returned() {
    for kind in ErrorKind::all().filter(|kind| *kind != ErrorKind::Status(404)) {
        let script = Script::new();
        script.get("/users/{id}").fault(kind);
        assert_eq!(script.run(user(7)).await.expect_err("an error").kind(), kind);
    }
}

#[tokio::test]
async fn a_decode_error_has_the_path_of_the_value() {
    let script = Script::new();
    script.get("/users/{id}").json(&json!({"id": 7, "name": null}));
    let error = script.run(user(7)).await.expect_err("an error");
    assert_eq!(error.kind(), DecodeError::Shape.into());
    assert_eq!(error.decode_path(), Some("$.name"));
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_retried() {
    let script = Script::new();
    let route = script.get("/report").status(503).repeat(2).then(Reply::text("done"));
    assert_eq!(script.run(report()).await.expect("a success"), "done");
    route.assert_calls(3);
}

#[tokio::test(start_paused = true)]
async fn retry_after_sets_the_delay() {
    let script = Script::new();
    script.get("/report").status(429).header("retry-after", "30").then(Reply::text("done"));
    let start = tokio::time::Instant::now();
    script.run(report()).await.expect("a success");
    assert!(start.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_down_is_an_error_after_the_retries() {
    let script = Script::new();
    script.get("/report").fault(ConnectError::Dns).times(4);
    assert_eq!(script.run(report()).await.expect_err("an error").attempts(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_a_timeout() {
    let script = Script::new();
    script.get("/report").reply(Reply::silence());
    let error = script.run(report()).await.expect_err("an error");
    assert_eq!(error.kind(), TimeoutError::Total.into());
    assert_eq!(error.elapsed(), Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn retries_of_a_creation_have_the_same_idempotency_key() {
    let script = Script::new();
    let route = script.post("/users").with_json(&ada());
    route.clone().fault(BodyError::Truncated).then(Reply::json(&ada()));
    assert_eq!(script.run(create(&ada(), None, "s3cret")).await.expect("a success"), ada());
    let keys: Vec<_> =
        route.requests().iter().map(|it| it.header("idempotency-key").map(str::to_owned)).collect();
    assert!(keys.len() == 2 && keys[0].is_some() && keys[0] == keys[1]);
}

#[tokio::test]
async fn a_user_is_created_with_the_token_and_the_flag() {
    request_of(create(&ada(), Some(true), "s3cret"))
        .await
        .assert_url("https://api.example.com/users?notify=true")
        .assert_header("authorization", "Bearer s3cret")
        .assert_json(&ada());
}

#[tokio::test]
async fn a_missing_flag_is_not_sent() {
    request_of(create(&ada(), None, "s3cret")).await.assert_no_query("notify");
}

#[tokio::test]
async fn a_deletion_sends_one_request() {
    let script = Script::new();
    script.delete("/users/{id}").status(204).once();
    script.any("/{*anything}").never();
    script.run(delete(7)).await.expect("a success");
}

#[tokio::test]
async fn credentials_are_not_sent_to_another_server() {
    let script = Script::new();
    script
        .post("https://api.example.com/users")
        .reply(Reply::redirect(307, "https://b.test/users"));
    let there = script.post("https://b.test/users").json(&ada());
    script.run(create(&ada(), None, "s3cret")).await.expect("a success");
    there.last().assert_no_header("authorization").assert_json(&ada());
}

#[tokio::test]
async fn all_pages_are_read_in_order() {
    let script = Script::new();
    script.in_order();
    script.get("/users").with_query("page", 1).json(&[ada()]);
    script.get("/users").with_query("page", 2).json(&[User { id: 8, name: "Eve".into() }]);
    script.get("/users").with_query("page", 3).json(&json!([]));
    let users = Client { session: Session::scripted(&script) }.all().await.expect("a success");
    assert_eq!(users.len(), 2);
}

#[tokio::test]
async fn a_truncated_log_is_an_error() {
    let script = Script::new();
    script.get("/log").reply(Reply::parts(["one\n", "two\n"]).breaks(BodyError::Reset));
    assert!(script.run(log_size()).await.expect_err("an error").is_body());
}

#[tokio::test]
async fn a_log_is_read_to_its_end() {
    let script = Script::new();
    script.get("/log").reply(Reply::parts(["one\n", "two\n"]));
    assert_eq!(script.run(log_size()).await.expect("a success"), 8);
}
