//! Recordings of a session, and their replay.

use std::path::PathBuf;

use backstop::{
    BodyError, ErrorKind, Request, Session,
    testing::{Recorder, Reply, Script, Server},
};

use crate::support::{bounded, gzip};

/// A file that is removed after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("backstop-{name}-{}.json", std::process::id())))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).expect("a recording")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn requests() -> Vec<Request> {
    vec![
        Request::get("/users/{id}?key={key}").path("id", &7).query_param("key", "qu3ry"),
        Request::get("/users/{id}?key={key}").path("id", &7).query_param("key", "other"),
        Request::post("/orders").bearer_auth("t0ken").json("b0dy"),
        Request::get("/moved"),
        Request::get("/coded"),
        Request::get("/broken"),
        Request::get("/bytes"),
    ]
}

/// The outcome of each request: its status and text, or the kind of its error.
async fn outcomes(session: &Session) -> Vec<String> {
    let mut outcomes = Vec::new();
    for request in requests() {
        outcomes.push(match bounded(session.fetch(request)).await {
            Ok(response) => {
                format!("{} {:?}", response.status(), response.bytes().expect("a body"))
            }
            Err(error) => error.kind().name().into_owned(),
        });
    }
    outcomes
}

#[tokio::test]
async fn a_recording_is_replayed_unchanged() {
    let script = Script::new();
    script.get("/users/{id}").header("set-cookie", "c00kie=1").text("Ada").then(Reply::text("Eve"));
    script.post("/orders").problem(409, "there is one");
    script.get("/moved").reply(Reply::redirect(302, "/there?key=s3cret"));
    script.get("/there").text("there");
    script.get("/coded").header("content-encoding", "gzip").bytes(gzip(b"plain"));
    script.get("/broken").reply(Reply::parts(["begun"]).breaks(BodyError::Truncated));
    script.get("/bytes").bytes(&b"\xff\xfe"[..]);
    let server = Server::start(&script);
    let session = Session::builder().base_url(server.url()).no_proxy().build().expect("a session");

    let file = File::new("recording");
    let recorder = Recorder::new(&file.0);
    let over_sockets = recorder.run(outcomes(&session)).await;
    recorder.save().expect("a file");
    drop(server);

    let replayed = Script::replay(&file.0).expect("a recording");
    assert_eq!(replayed.run(outcomes(&session)).await, over_sockets);
    assert_eq!(over_sockets[5], "body.truncated");
    let text = file.text();
    for secret in ["qu3ry", "t0ken", "b0dy", "c00kie", "s3cret"] {
        assert!(!text.contains(secret), "{secret} is in the file:\n{text}");
    }
    for kept in ["REDACTED", "there is one", "\"authorization\""] {
        assert!(text.contains(kept), "{kept}:\n{text}");
    }
}

#[tokio::test]
async fn a_session_is_recorded_in_any_task_and_saved_when_the_recorder_ends() {
    let script = Script::new();
    script.get("/health").text("well");
    let server = Server::start(&script);
    let session = Session::builder().base_url(server.url()).no_proxy().build().expect("a session");
    let file = File::new("session");
    let recorder = Recorder::new(&file.0);
    let recorded = recorder.session(&session);
    let task = tokio::spawn(async move { recorded.fetch(Request::get("/health")).await });
    assert_eq!(task.await.expect("a task").expect("a response").text().expect("text"), "well");
    drop(recorder);
    let replayed = Script::replay(&file.0).expect("a recording");
    let response = replayed.run(session.fetch(Request::get("/health"))).await.expect("a response");
    assert_eq!(response.text().expect("text"), "well");
}

#[tokio::test]
async fn an_error_is_recorded_as_its_kind() {
    let session = Session::builder().base_url("http://127.0.0.1:1").no_proxy().build();
    let session = session.expect("a session");
    let file = File::new("error");
    let recorder = Recorder::new(&file.0);
    let error = recorder.run(session.fetch(Request::get("/"))).await.expect_err("refused");
    drop(recorder);
    let replayed = Script::replay(&file.0).expect("a recording");
    let again = replayed.run(session.fetch(Request::get("/"))).await.expect_err("refused");
    assert_eq!(again.kind(), error.kind());
    assert_ne!(again.kind(), ErrorKind::Protocol);
}

#[test]
fn an_invalid_recording_is_refused() {
    let file = File::new("none");
    Script::replay(&file.0).expect_err("there is no file");
    for text in ["", "{}", r#"{"exchanges":[{}]}"#] {
        std::fs::write(&file.0, text).expect("a file");
        Script::replay(&file.0).expect_err(text);
    }
}

#[tokio::test]
async fn requests_with_different_query_names_are_recorded_separately() {
    let script = Script::new();
    let page = script.get("/users").with_any_query("page").text("the second page");
    script.get("/users").text("the first page");
    let file = File::new("queries");
    let recorder = Recorder::new(&file.0);
    let session = Session::scripted(&script);
    let get = |template: &'static str| session.fetch(Request::get(template));
    // The shorter one is recorded first.
    recorder.run(get("/users")).await.expect("a page");
    recorder.run(get("/users?page=2")).await.expect("a page");
    recorder.save().expect("saved");
    assert_eq!(page.calls(), 1);

    let replay = Script::replay(&file.0).expect("a recording");
    for (template, expected) in [("/users?page=3", "the second page"), ("/users", "the first page")]
    {
        let response = replay.run(get(template)).await.expect("a page");
        assert_eq!(response.text().expect("text"), expected);
    }
    replay.run(get("/users?page=2&size=9")).await.expect_err("it was not recorded");
    assert!(replay.check().is_err());
}
