//! The options of one call.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use backstop::{
    BuildError, CallOptions, Deadline, Error, ErrorKind, Retry, TimeoutError, request, requests,
    testing::{Reply, Script, request_of},
};

const URL: &str = "https://a.test";

#[request(
    get = "{URL}/users/{id}",
    header("x-one" = "attribute", "x-two" = "attribute"),
    bearer = "attribute",
    timeout = 20s,
)]
async fn user(id: u64, options: &CallOptions) -> Result<String, Error>;

#[request(get = "{URL}/owned")]
async fn owned(options: CallOptions) -> Result<(), Error>;

#[request(get = "{URL}/optional")]
async fn optional(options: Option<&CallOptions>) -> Result<(), Error>;

#[request(get = "{URL}/optional")]
async fn optional_owned(options: Option<CallOptions>) -> Result<(), Error>;

#[request(get = "{URL}/optional")]
async fn borrowed_optional(options: &Option<CallOptions>) -> Result<(), Error>;

#[request(get = "{URL}/handled", on_error = log, finally = |_| ())]
async fn handled(mut _options: backstop::CallOptions) -> Result<u16, Error> {
    _options = _options.timeout(None);
    Ok(7)
}

#[tokio::test]
async fn the_options_of_a_call_override_the_attribute() {
    let sent = request_of(user(7, &CallOptions::new())).await;
    sent.assert_header("x-one", "attribute").assert_header("authorization", "Bearer attribute");
    let options = CallOptions::new()
        .header("x-one", "call")
        .header("x-none", None::<&str>)
        .header("x-three", 3)
        .bearer_auth("call");
    let sent = request_of(user(7, &options)).await;
    sent.assert_header("x-one", "call")
        .assert_header("x-two", "attribute")
        .assert_header("x-three", "3")
        .assert_no_header("x-none")
        .assert_header("authorization", "Bearer call");
    assert_eq!(sent.headers().get_all("x-one").iter().count(), 1);
    assert!(sent.headers()["authorization"].is_sensitive());
}

#[tokio::test]
async fn options_are_recognized_by_their_type() {
    let options = CallOptions::new().header("x-one", "1");
    request_of(owned(options.clone())).await.assert_header("x-one", "1");
    request_of(optional(Some(&options))).await.assert_header("x-one", "1");
    request_of(optional(None)).await.assert_no_header("x-one");
    request_of(optional_owned(Some(options.clone()))).await.assert_header("x-one", "1");
    request_of(optional_owned(None)).await.assert_no_header("x-one");
    request_of(borrowed_optional(&Some(options.clone()))).await.assert_header("x-one", "1");
    request_of(handled(options)).await.assert_header("x-one", "1");
}

#[tokio::test(start_paused = true)]
async fn the_options_set_the_timers_of_a_call() {
    let script = Script::new();
    script.get("/users/{id}").delay(Duration::from_secs(5)).text("late");
    for (options, expected) in [
        (CallOptions::new(), None),
        (CallOptions::new().timeout(Duration::from_secs(1)), Some(TimeoutError::Total)),
        (CallOptions::new().attempt_timeout(Duration::from_secs(1)), Some(TimeoutError::Attempt)),
        (
            CallOptions::new().deadline(Deadline::after(Duration::from_secs(1))),
            Some(TimeoutError::Total),
        ),
        (CallOptions::new().timeout(None).idle_timeout(Duration::from_secs(1)), None),
    ] {
        let outcome = script.run(user(7, &options)).await.map_err(|error| error.kind());
        assert_eq!(outcome.err(), expected.map(ErrorKind::Timeout), "{options:?}");
    }
}

static TRIED: AtomicU32 = AtomicU32::new(0);

#[request(get = "{URL}/flaky", retry(times = 3, backoff(1ms..1ms)), max_body = 1KiB)]
async fn flaky(options: &CallOptions) -> Result<String, Error>;

#[tokio::test(start_paused = true)]
async fn the_options_set_the_retries_and_limits_of_a_call() {
    let script = Script::new();
    script.get("/flaky").reply_with(|_| {
        TRIED.fetch_add(1, Ordering::Relaxed);
        Reply::status(503)
    });
    let tried = async |options: CallOptions| {
        TRIED.store(0, Ordering::Relaxed);
        script.run(flaky(&options)).await.expect_err("503");
        TRIED.load(Ordering::Relaxed)
    };
    assert_eq!(tried(CallOptions::new()).await, 4);
    assert_eq!(tried(CallOptions::new().retry(0)).await, 1);
    assert_eq!(tried(CallOptions::new().retry(Retry::times(1))).await, 2);

    let script = Script::new();
    script.get("/flaky").text("x".repeat(100));
    let error = script.run(flaky(&CallOptions::new().max_body(10))).await.expect_err("too large");
    assert!(error.is_body());
    let script = Script::new();
    script.get("/flaky").reply(Reply::status(400).with_text("x".repeat(100)));
    let error = script.run(flaky(&CallOptions::new().error_body(10))).await.expect_err("400");
    assert_eq!(error.body().len(), 10);
    let script = Script::new();
    script.get("/flaky").reply(Reply::redirect(302, "/other"));
    let error = script.run(flaky(&CallOptions::new().max_redirects(0))).await.expect_err("302");
    assert_eq!(error.kind(), ErrorKind::Status(302));
}

#[tokio::test]
async fn an_invalid_option_is_a_build_error() {
    for options in [
        CallOptions::new().header("a b", "1"),
        CallOptions::new().header("x", "\n"),
        CallOptions::new().bearer_auth("a\nb"),
    ] {
        let error = user(7, &options).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Build(BuildError::Header));
    }
    let options = CallOptions::new().bearer_auth("s3cret").header("x-api-key", "s3cret");
    assert!(!format!("{options:?}").contains("s3cret"));
}

struct Api;

#[requests(base = "{URL}/api", timeout = 5s)]
impl Api {
    #[request(get = "/one")]
    async fn one(&self, options: CallOptions) -> Result<(), Error>;
}

#[requests(session = self.session(), base = "/api")]
trait Client {
    fn session(&self) -> backstop::Session;

    #[request(get = "/two")]
    async fn two(&self, options: Option<CallOptions>) -> Result<(), Error>;
}

impl Client for Api {
    fn session(&self) -> backstop::Session {
        backstop::Session::builder().base_url(URL).build().expect("a session")
    }
}

#[tokio::test]
async fn the_functions_of_a_group_take_options() {
    let options = CallOptions::new().header("x-one", "1");
    request_of(Api.one(options.clone())).await.assert_header("x-one", "1");
    request_of(Api.two(Some(options))).await.assert_header("x-one", "1").assert_path("/api/two");
}
