//! Each leaf as a script has it.

use crate::support::User;
use backstop::{
    BodyError, Error, ErrorKind, Json, Request, Sent, Session,
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
