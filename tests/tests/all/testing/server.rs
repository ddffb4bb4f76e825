//! The test server, over real sockets.

use std::time::Duration;

use backstop::{
    BodyError, ErrorKind, Request, Session, TimeoutError, Version,
    testing::{Certificate, Reply, Script, Server, ServerBuilder, Step},
};

use crate::support::{TRANSPORTS, Transport, bounded};

fn session(server: &Server, transport: Transport) -> Session {
    Session::builder()
        .base_url(server.url())
        .root_certificate(server.authority_pem())
        .no_proxy()
        .use_reqwest(transport == Transport::Reqwest)
        .build()
        .expect("a session")
}

async fn get(server: &Server, transport: Transport) -> Result<String, backstop::Error> {
    let request = Request::get("/").timeout(Duration::from_secs(5));
    bounded(session(server, transport).fetch(request)).await?.text()
}

#[tokio::test]
async fn a_script_answers_over_every_kind_of_connection() {
    for transport in TRANSPORTS {
        for (builder, version) in [
            (Server::builder(), Version::HTTP_11),
            (Server::builder().tls(), Version::HTTP_11),
            (Server::builder().tls().http2(), Version::HTTP_2),
        ] {
            let script = Script::new();
            script
                .post("/users/{id}")
                .with_json_at("$.name", "Ada")
                .status(201)
                .text("made")
                .once();
            let server = builder.start(&script);
            let request = Request::post("/users/{id}")
                .path("id", &7)
                .json(&serde_json::json!({"name": "Ada"}));
            let fetched = bounded(session(&server, transport).fetch(request)).await;
            let response = fetched.expect("a response");
            assert_eq!((response.status().as_u16(), response.version()), (201, version));
            assert_eq!(response.text().expect("text"), "made");
            assert_eq!((server.connections(), server.requests()), (1, 1));
        }
    }
}

#[tokio::test]
async fn http2_works_with_prior_knowledge() {
    let script = Script::new();
    script.get("/").text("two");
    let server = Server::builder().http2().start(&script);
    let session = Session::builder().base_url(server.url()).no_proxy().http2_prior_knowledge(true);
    let session = session.build().expect("a session");
    let response = bounded(session.fetch(Request::get("/"))).await.expect("a response");
    assert_eq!(response.version(), Version::HTTP_2);
}

#[tokio::test]
async fn each_certificate_has_its_defect() {
    for certificate in [
        Certificate::WrongHost,
        Certificate::Expired,
        Certificate::SelfSigned,
        Certificate::Untrusted,
    ] {
        let server = Server::builder().certificate(certificate).start(&Script::new());
        let error = get(&server, Transport::Direct).await.expect_err("not trusted");
        assert_eq!(error.kind().name(), "connect.certificate", "{certificate:?}");
    }
}

#[tokio::test]
async fn only_server_side_faults_are_played_over_sockets() {
    use backstop::DisconnectedError::{Closed, Reset};

    let cut = || Reply::parts(["some"]).wait(Duration::from_millis(20));
    for (reply, expected) in [
        (Reply::fault(Closed), "disconnected.closed"),
        (Reply::fault(Reset), "disconnected.reset"),
        (cut().breaks(BodyError::Truncated), "body.truncated"),
        (cut().breaks(BodyError::Reset), "body.reset"),
        (Reply::problem(404, "no"), "404"),
    ] {
        let script = Script::new();
        script.get("/").reply(reply);
        let server = Server::start(&script);
        let error = get(&server, Transport::Direct).await.expect_err(expected);
        assert_eq!(error.kind().name(), expected, "{error:#}");
    }
}

#[tokio::test]
async fn a_request_that_no_route_takes_is_answered_and_fails_the_test() {
    let script = Script::new();
    script.post("/users");
    let server = Server::start(&script);
    let error = get(&server, Transport::Direct).await.expect_err("no route");
    assert_eq!(error.kind(), ErrorKind::Status(501));
    assert!(error.body().starts_with(b"the session cannot send") || !error.body().is_empty());
    assert!(
        super::failures(&script).contains("no route of the script matches GET http://127.0.0.1")
    );
}

#[tokio::test]
async fn raw_steps_are_played_connection_by_connection() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let started = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
    let play = |builder: ServerBuilder, steps: Vec<Step>| builder.raw([steps]);
    let server = play(Server::builder(), vec![Step::ReadRequest, Step::send(whole)]);
    assert_eq!(get(&server, Transport::Direct).await.expect("whole"), "ok");
    assert_eq!((server.connections(), server.requests()), (1, 1));
    let drip = Step::Drip(whole.into(), Duration::from_millis(1));
    let server = play(Server::builder().tls(), vec![Step::ReadRequest, drip]);
    assert_eq!(get(&server, Transport::Direct).await.expect("whole"), "ok");
    let server = Server::raw([
        vec![Step::ReadRequest, Step::Reset],
        vec![Step::Read(1), Step::Wait(Duration::from_millis(1)), Step::send(whole)],
    ]);
    let error = get(&server, Transport::Direct).await.expect_err("a reset");
    assert_eq!(error.kind().name(), "disconnected.reset");
    assert_eq!(get(&server, Transport::Direct).await.expect("the second"), "ok");
    let server = Server::raw([[Step::ReadRequest, Step::send(started), Step::Hold]]);
    let session = session(&server, Transport::Direct);
    let request = Request::get("/").idle_timeout(Duration::from_millis(100));
    let error = bounded(session.fetch(request)).await.expect_err("a stall");
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutError::Idle));
}
