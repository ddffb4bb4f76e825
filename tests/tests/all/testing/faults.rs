//! Each leaf as a script has it.

use backstop_tests::lab::{BesideScript, Lab};
use tokio::task::JoinSet;

use crate::support::User;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use backstop::{
    Body, BodyError, BuildError, Error, ErrorKind, Json, Request, Sent, Session,
    testing::{Reply, Script},
};

async fn fail(kind: ErrorKind) -> Error {
    let script = Script::new();
    script.get("/users/7").fault(kind);
    let request = Request::get("https://a.test/users/7");
    let response = script.run(Session::shared().fetch(request)).await;
    match response.and_then(|response| response.read::<Json<User>>()) {
        Ok(_) => panic!("{kind:?} did not come"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_fault_is_of_the_kind_that_was_asked_for() {
    for kind in ErrorKind::all() {
        let error = fail(kind).await;
        assert_eq!(error.kind(), kind, "{error:#}");
        let expected = match kind {
            // Something arrived.
            ErrorKind::Protocol => Sent::Yes,
            kind => Error::new(kind).sent(),
        };
        assert_eq!(error.sent(), expected, "{error:#}");
        assert_eq!(error.attempts(), u32::from(!error.is_build()), "{error:#}");
    }
}

#[tokio::test]
async fn a_fault_comes_once_in_a_sequence() {
    let script = Script::new();
    script.get("/").fault(BodyError::Truncated).then(Reply::text("whole"));
    let request = Request::get("https://a.test/").retry(1);
    let response = script.run(Session::shared().fetch(request)).await.expect("the second attempt");
    assert_eq!((response.attempts(), response.text().expect("text")), (2, "whole".to_owned()));
}

/// How many errors there are below this one.
fn depth(error: &Error) -> usize {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source()).count()
}

/// What an error says, beside its message.
fn facts(error: &Error) -> String {
    format!(
        "{} {:?} attempts {} status {:?} cause {}",
        error.kind().name(),
        error.sent(),
        error.attempts(),
        error.status().map(|status| status.as_u16()),
        depth(error) > 0,
    )
}

/// A fault of a script is one that the lab plays over sockets: of the same kind, and with the same to say
/// of what was sent, how often it was tried, the status and a cause. A kind has several forms there (a
/// proxy that is away, and one that refuses), of which the script's is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_is_what_it_is_over_a_socket() {
    let lab = Arc::new(Lab::new().expect("cases and expectations"));
    let mut comparisons = JoinSet::new();
    for kind in ErrorKind::all() {
        let lab = Arc::clone(&lab);
        comparisons.spawn(async move { (kind, lab.beside_scripts(kind, 2, 6).await) });
    }
    let (mut kinds, mut faults, mut alike) = (0, 0, 0);
    for (kind, compared) in comparisons.join_all().await {
        let is_alike = |it: &&BesideScript| facts(&it.socket) == facts(&it.scripted);
        let same = compared.iter().filter(is_alike).count();
        let differs: Vec<String> = compared
            .iter()
            .map(|BesideScript { id, socket, scripted }| {
                let [socket, scripted] =
                    [socket, scripted].map(|error| format!("{}\n    {error:#}", facts(error)));
                format!("{id}:\n  socket: {socket}\n  script: {scripted}")
            })
            .collect();
        assert!(same > 0 || compared.is_empty(), "{kind:?}:\n{}", differs.join("\n"));
        kinds += usize::from(!compared.is_empty());
        faults += compared.len();
        alike += same;
    }
    assert!(kinds >= 28, "{kinds} kinds are compared");
    assert!(alike * 10 >= faults * 8, "{alike} of {faults} are alike");
}

#[tokio::test]
async fn a_stream_that_breaks_was_sent_in_part() {
    /// A stream of nothing.
    struct Empty;

    impl futures_core::Stream for Empty {
        type Item = Result<backstop::Bytes, std::io::Error>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(None)
        }
    }

    let script = Script::new();
    script.post("/").fault(BuildError::Body);
    let send = |body: Body| {
        let request = Request::post("https://a.test/").body(body);
        script.run(Session::shared().fetch(request))
    };
    let error = send("bytes".into()).await.expect_err("refused");
    assert_eq!((error.sent(), error.attempts()), (Sent::No, 0));
    let error = send(Body::from_stream(Empty)).await.expect_err("broken");
    assert_eq!((error.sent(), error.attempts()), (Sent::Maybe, 1));
    assert!(depth(&error) > 0, "{error:#}");
}
