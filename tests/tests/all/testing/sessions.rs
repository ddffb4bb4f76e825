//! Scripts with any session, in any task, and with other clients.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use backstop::{
    DisconnectedError, Error, ErrorKind, Json, Request, Sent, Session, SessionBuilder,
    layer::RequestBody,
    request, reqwest,
    testing::{Reply, Script},
};
use tower::{
    Service as _, ServiceExt as _, limit::ConcurrencyLimitLayer, load_shed::LoadShedLayer,
    timeout::TimeoutLayer, util::MapRequestLayer,
};

static API: LazyLock<Session> = LazyLock::new(|| {
    Session::builder()
        .base_url("https://api.test/v1")
        .header("x-tenant", "acme")
        .build()
        .expect("a session")
});

#[request(get = "/users/{id}", session = API.clone())]
async fn of_static(id: u64) -> Result<String, Error>;

struct Client {
    session: Session,
}

impl Client {
    #[request(get = "/users/{id}", session = self.session)]
    async fn user(&self, id: u64) -> Result<String, Error>;
}

#[tokio::test]
async fn a_static_session_keeps_its_settings_under_a_script() {
    let script = Script::new();
    let route = script.get("/users/{id}").text("Ada");
    assert_eq!(script.run(of_static(7)).await.expect("a name"), "Ada");
    route.last().assert_url("https://api.test/v1/users/7").assert_header("x-tenant", "acme");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_scripts_are_independent() {
    let tasks: Vec<_> = (0..50)
        .map(|number: u64| {
            tokio::spawn(async move {
                let script = Script::new();
                let route =
                    script.get("/users/{id}").with_path("id", number).text(number.to_string());
                for _ in 0..20 {
                    let name = script.run(of_static(number)).await.expect("a name");
                    assert_eq!(name, number.to_string());
                    tokio::task::yield_now().await;
                }
                route.assert_calls(20);
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no failure");
    }
}

#[tokio::test]
async fn the_innermost_script_answers() {
    let (outer, inner) = (Script::new(), Script::new());
    outer.get("/users/{id}").text("outer").once();
    inner.get("/users/{id}").text("inner").once();
    let names = outer.run(async { (inner.run(of_static(1)).await, of_static(2).await) }).await;
    assert_eq!(
        (names.0.expect("inner").as_str(), names.1.expect("outer").as_str()),
        ("inner", "outer")
    );
}

#[tokio::test]
async fn a_scripted_session_needs_no_scope() {
    let script = Script::new();
    script.get("/users/{id}").text("Ada").once();
    let client = Client { session: Session::scripted(&script) };
    let task = tokio::spawn(async move { client.user(7).await });
    assert_eq!(task.await.expect("a task").expect("a name"), "Ada");
    script.last().assert_url("https://scripted.test/users/7");
}

#[tokio::test]
async fn a_session_on_a_script_keeps_its_settings() {
    let script = Script::new();
    script.get("/users/{id}").text("Ada");
    let session = Session::builder()
        .base_url("https://user:pass@api.test")
        .header("x-tenant", "acme")
        .script(&script)
        .build()
        .expect("a session");
    session.fetch(Request::get("/users/7")).await.expect("a response");
    script
        .last()
        .assert_url("https://api.test/users/7")
        .assert_header("x-tenant", "acme")
        .assert_header("authorization", "Basic dXNlcjpwYXNz");
}

#[tokio::test]
async fn a_spawned_task_uses_the_script_of_its_scope() {
    async fn spawns() -> Result<String, Error> {
        let script = Script::current().expect("a script");
        tokio::spawn(script.scope(of_static(7))).await.expect("a task")
    }
    let script = Script::new();
    script.get("/users/{id}").text("Ada").once();
    assert_eq!(script.run(spawns()).await.expect("a name"), "Ada");
    assert!(Script::current().is_none());
}

#[tokio::test]
async fn a_script_is_a_tower_service() {
    let script = Script::new();
    script.get("/users/{id}").text("Ada");
    script.post("/users").status(201);
    let url = "https://api.test/users/7".parse().expect("a URL");
    let mut service =
        tower::timeout::Timeout::new(script.clone(), std::time::Duration::from_secs(9));
    let request = reqwest::Request::new(http::Method::GET, url);
    let response = service.ready().await.expect("ready").call(request).await.expect("a response");
    assert_eq!(response.text().await.expect("text"), "Ada");
    let request = http::Request::post("https://api.test/users").body("body").expect("a request");
    let response = script.http_service().oneshot(request).await.expect("a response");
    assert_eq!(response.status(), 201);
    script.last().assert_text("body");
}

#[tokio::test]
async fn a_script_can_be_the_service_of_a_session() {
    let script = Script::new();
    script.get("/users/{id}").fault(backstop::ConnectError::Refused);
    let session = Session::builder().service(script.clone()).build().expect("a session");
    let error = session.fetch(Request::get("https://api.test/users/7")).await.expect_err("refused");
    assert_eq!(error.kind().name(), "connect.refused");
    assert_eq!(error.sent(), backstop::Sent::No);
}

/// A session with settings, and a layer that numbers its requests.
fn layered(builder: SessionBuilder) -> (SessionBuilder, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let layer = MapRequestLayer::new(move |mut request: http::Request<RequestBody>| {
        let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
        request.headers_mut().insert("x-passed", number.into());
        request
    });
    (builder.layer(layer), count)
}

#[tokio::test]
async fn the_layers_of_a_session_are_applied_over_the_script() {
    let script = Script::new();
    let route = script.get("/users/{id}").status(503).then(Reply::text("Ada"));
    let (plain, passed) = layered(Session::builder().base_url("https://api.test").retry(1));
    let plain = plain.build().expect("a session");
    let (scripted, also_passed) = layered(Session::builder().base_url("https://api.test").retry(1));
    let scripted = scripted.script(&script).build().expect("a session on the script");
    let request = || Request::get("/users/{id}").path("id", &7);
    let response = script.run(plain.fetch(request())).await.expect("the second attempt");
    assert_eq!((response.attempts(), response.text().expect("text")), (2, "Ada".to_owned()));
    route.last().assert_header("x-passed", "2");
    assert_eq!(route.last().template(), Some("/users/{id}"));
    scripted.fetch(request()).await.expect("a response");
    route.last().assert_header("x-passed", "1");
    assert_eq!((passed.load(Ordering::SeqCst), also_passed.load(Ordering::SeqCst)), (2, 1));
    // A request without a route is a mistake of the test, also under layers.
    let error = script.run(plain.fetch(Request::post("/users"))).await.expect_err("no route");
    assert!(error.is_build() && error.attempts() == 1, "{error:#}");
    script.check().expect_err("no route");
}

#[tokio::test]
async fn a_request_that_a_layer_refuses_does_not_reach_the_script() {
    let script = Script::new();
    script.get("/slow").reply(Reply::silence());
    let session = Session::builder()
        .base_url("https://api.test")
        .layer(LoadShedLayer::new())
        .layer(ConcurrencyLimitLayer::new(1))
        .script(&script)
        .build()
        .expect("a session on the script");
    let first = tokio::spawn(session.fetch(Request::get("/slow")));
    while script.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let error = session.fetch(Request::get("/slow")).await.expect_err("shed");
    assert_eq!(error.kind(), DisconnectedError::Unsent.into());
    assert_eq!((error.sent(), script.calls()), (Sent::No, 1));
    first.abort();
}

#[tokio::test]
async fn every_fault_passes_through_layers_unchanged() {
    for kind in ErrorKind::all() {
        let script = Script::new();
        script.get("/").fault(kind);
        let plain = Session::scripted(&script);
        let layered = Session::builder()
            .base_url("https://scripted.test")
            .layer(TimeoutLayer::new(Duration::from_secs(60)))
            .script(&script)
            .build()
            .expect("a session on the script");
        let mut said = Vec::new();
        for session in [plain, layered] {
            let response = session.fetch(Request::get("/").retry(1)).await;
            let error = match response.and_then(|response| response.read::<Json<[u8; 2]>>()) {
                Ok(_) => panic!("{kind:?} did not occur"),
                Err(error) => error,
            };
            said.push((error.kind(), error.sent(), error.attempts(), format!("{error:#}")));
        }
        assert_eq!(said[0], said[1]);
    }
}
