//! Each leaf as a fault of a script.

use backstop_tests::lab::{BesideScript, Lab};
use tokio::task::JoinSet;

use crate::support::User;
use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use backstop::{
    Body, BodyError, BuildError, DecodeError, Error, ErrorKind, Json, Request, Response, Sent,
    Session,
    testing::{Reply, Script},
};

async fn fail(kind: ErrorKind) -> Error {
    let script = Script::new();
    script.get("/users/7").fault(kind);
    let request = Request::get("https://a.test/users/7");
    let response = script.run(Session::shared().fetch(request)).await;
    match response.and_then(|response| response.read::<Json<User>>()) {
        Ok(_) => panic!("{kind:?} did not occur"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_fault_has_the_requested_kind() {
    for kind in ErrorKind::all() {
        let error = fail(kind).await;
        assert_eq!(error.kind(), kind, "{error:#}");
        let expected = match kind {
            // The server sent something.
            ErrorKind::Protocol => Sent::Yes,
            kind => Error::new(kind).sent(),
        };
        assert_eq!(error.sent(), expected, "{error:#}");
        assert_eq!(error.attempts(), u32::from(!error.is_build()), "{error:#}");
    }
}

#[tokio::test]
async fn a_fault_in_a_sequence_occurs_once() {
    let script = Script::new();
    script.get("/").fault(BodyError::Truncated).then(Reply::text("whole"));
    let request = Request::get("https://a.test/").retry(1);
    let response = script.run(Session::shared().fetch(request)).await.expect("the second attempt");
    assert_eq!((response.attempts(), response.text().expect("text")), (2, "whole".to_owned()));
}

/// The number of errors in the source chain.
fn depth(error: &Error) -> usize {
    std::iter::successors(std::error::Error::source(error), |cause| cause.source()).count()
}

/// The facts of an error, without its message.
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

/// Kinds that the lab does not play as the first request of a call.
const WITHOUT_A_CASE: &[&str] = &[
    // No network faults: the disk, and the program's hooks, values, sources and runtimes.
    "body.storage",
    "build.prepare",
    "build.segment",
    "build.session",
    "credentials",
    "disconnected.runtime",
];

/// Cases of the lab whose form of the kind differs from the script's.
const OTHER_FORMS: &[&str] = &[
    // The body is read although the status is an error.
    "status.500_json_read_not_raised",
    // One attempt less is made before the total timeout.
    "body.timeout_sock_read_json",
    // The total timeout ends another stage than the wait for the head.
    "body.chunk_bad_size",
    "body.drip_total",
    "body.timeout_total",
    "proxy.connect_stall_sock_read",
    "proxy.connect_stall_total",
    "send.stall_total",
    "tls.stall_total_timeout",
    // The body is empty, so the error has no cause in a parser.
    "decode.json_empty",
    "decode.json_whitespace",
    // The proxy answers with a refusal.
    "proxy.connect_400",
    "proxy.connect_403",
    "proxy.connect_500",
    "proxy.connect_503",
];

/// A scripted fault has the same facts as one that the lab plays over sockets: the kind, what was sent, the
/// attempts under a policy, the status and a cause. The lab may have several forms of a kind (an unreachable
/// proxy, and a refusing one). The script's is one of them, and the others are listed above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scripted_fault_matches_the_fault_over_a_socket() {
    let lab = Arc::new(Lab::new().expect("cases and expectations"));
    let mut comparisons = JoinSet::new();
    for kind in ErrorKind::all() {
        let lab = Arc::clone(&lab);
        comparisons.spawn(async move { (kind, compare(&lab, kind).await) });
    }
    let mut without = Vec::new();
    for (kind, compared) in comparisons.join_all().await {
        match compared {
            Ok(0) => without.push(kind.name().into_owned()),
            Ok(_) => {}
            Err(differences) => {
                panic!("{kind:?} has a form that is not listed:\n{differences}")
            }
        }
    }
    without.sort_unstable();
    assert_eq!(without, WITHOUT_A_CASE);
}

/// Compares the cases of a kind. Output: the number of equal cases, or the differences that are not listed.
/// On a busy machine another of the short timers may expire first, so a difference must occur three times.
async fn compare(lab: &Lab, kind: ErrorKind) -> Result<usize, String> {
    let mut outcome = Ok(0);
    for _ in 0..3 {
        outcome = alike(lab.beside_scripts(kind, 2, 6).await);
        if outcome.as_ref().is_ok_and(|alike| *alike > 0) {
            break;
        }
    }
    outcome
}

fn alike(compared: Vec<BesideScript>) -> Result<usize, String> {
    let (mut alike, mut forms, mut differences) = (0, 0, String::new());
    for BesideScript { id, socket, scripted } in compared {
        let [over_socket, by_script] = [&socket, &scripted].map(facts);
        if over_socket == by_script {
            alike += 1;
        } else if OTHER_FORMS.contains(&&*id) {
            forms += 1;
        } else {
            let lines = [
                format!("{id}:\n"),
                format!("  {over_socket}: {socket:#}\n"),
                format!("  {by_script}: {scripted:#}\n"),
            ];
            differences.extend(lines);
        }
    }
    match differences.is_empty() {
        // The fault must have the form of at least one case.
        true if alike == 0 && forms > 0 => Err(format!("all {forms} forms are others")),
        true => Ok(alike),
        false => Err(differences),
    }
}

#[tokio::test]
async fn a_broken_request_stream_may_have_been_sent() {
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

/// Decoders for these types.
macro_rules! shapes {
    ($($ty:ty),* $(,)?) => {
        [$((stringify!($ty), |response: Response| response.json::<$ty>().err().map(|error| error.kind()))),*]
    };
}

#[tokio::test]
async fn common_types_fail_to_decode_a_shape_fault() {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    #[allow(dead_code, reason = "it is only read")]
    struct Lenient {
        id: Option<u64>,
        names: Vec<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "it is only read")]
    enum Either {
        Flag(bool),
        Number(f64),
        Text(String),
        Users(Vec<User>),
    }

    type Read = fn(Response) -> Option<ErrorKind>;
    let shapes: [(&str, Read); 14] = shapes![
        bool,
        Option<bool>,
        u64,
        f64,
        String,
        User,
        Vec<User>,
        Vec<Vec<f64>>,
        (u8, String),
        HashMap<String, bool>,
        HashMap<String, serde_json::Value>,
        Lenient,
        Either,
        Vec<Lenient>,
    ];
    for (name, read) in shapes {
        let script = Script::new();
        script.get("/").fault(DecodeError::Shape);
        let response = script.run(Session::shared().fetch(Request::get("https://a.test/"))).await;
        let kind = read(response.expect("a response"));
        assert_eq!(kind, Some(DecodeError::Shape.into()), "{name}");
    }
}
