//! The outcome for the caller, by return type.

use backstop::{Error, ErrorKind, Json, request};

use super::{AWAY, Trace, base};
use crate::support::{SESSION, User};

type Maybe<T> = Option<T>;
type Answer<T, E = Error> = Result<T, E>;

#[request(get = "{base}/users/{id}", session = SESSION)]
async fn result(base: &str, id: u8) -> Answer<User>;

#[request(get = "{base}/users/{id}", session = SESSION)]
async fn option(base: &str, id: u8) -> Maybe<User>;

#[request(get = "{base}/users/{id}", session = SESSION)]
async fn option_with_a_body(
    base: &str,
    id: u8,
    #[response] Json(user): Json<User>,
) -> Option<String> {
    (user.id == 7).then_some(user.name)
}

#[request(get = "{base}/users/{id}", session = SESSION, on_error = trace.note("heard"))]
async fn unit(base: &str, id: u8, trace: &Trace);

#[request(get = "{base}/users/{id}", session = SESSION, on_error(Decode => (), _ => trace.note("heard")))]
async fn unit_with_a_body(base: &str, id: u8, trace: &Trace, #[response] Json(user): Json<User>) {
    trace.note(user.name);
}

#[tokio::test]
async fn results_options_and_unit_are_returned() {
    let (base, trace) = (&base(), Trace::default());
    assert_eq!(result(base, 7).await.expect("Ada").name, "Ada");
    assert!(result(base, 8).await.expect_err("another shape").is_decode());
    assert_eq!(option(base, 7).await.expect("Ada").name, "Ada");
    assert!(option(AWAY, 7).await.is_none());
    assert_eq!(option_with_a_body(base, 7).await.as_deref(), Some("Ada"));
    assert_eq!(option_with_a_body(AWAY, 7).await, None);
    unit(base, 7, &trace).await;
    assert_eq!(trace.take(), [""; 0]);
    unit(AWAY, 7, &trace).await;
    assert_eq!(trace.take(), ["heard"]);
    unit_with_a_body(base, 7, &trace).await;
    unit_with_a_body(base, 8, &trace).await;
    unit_with_a_body(AWAY, 7, &trace).await;
    assert_eq!(trace.take(), ["Ada", "heard"]);
}

#[request(get = "{base}/users/{id}", session = SESSION, fallback = User { id, name: "nobody".into() })]
async fn plain(base: &str, id: u64) -> User;

#[request(get = "{base}/users/{id}", session = SESSION, fallback = "nobody".into())]
async fn plain_with_a_body(base: &str, id: u64, #[response] Json(user): Json<User>) -> String {
    user.name
}

#[request(
    get = "{base}/users/{id}",
    session = SESSION,
    on_error(Connect => recover(-1), _ => recover(0)),
)]
async fn every_arm_recovers(base: &str, id: u64, #[response] Json(user): Json<User>) -> i64 {
    user.id as i64
}

#[request(get = "{base}/{text}", session = SESSION, on_error = recover("away".into()))]
async fn recovers_text(base: &str, text: &str) -> String;

#[request(get = "{base}/users/{id}", session = SESSION, fallback = stored(id).await, on_error(Status(404) => recover(None)))]
async fn result_with_a_fallback(
    base: &str,
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<Option<User>, Error> {
    Ok(Some(user))
}

async fn stored(id: u64) -> Option<User> {
    Some(User { id, name: "stored".into() })
}

#[tokio::test]
async fn every_failure_can_have_a_value() {
    let base = &base();
    assert_eq!(plain(base, 7).await.name, "Ada");
    assert_eq!(plain(AWAY, 9).await, User { id: 9, name: "nobody".into() });
    assert_eq!(plain_with_a_body(base, 7).await, "Ada");
    assert_eq!(plain_with_a_body(base, 8).await, "nobody");
    assert_eq!(every_arm_recovers(base, 7).await, 7);
    assert_eq!(every_arm_recovers(base, 8).await, 0);
    assert_eq!(every_arm_recovers(AWAY, 7).await, -1);
    assert_eq!(recovers_text(base, "x").await, "/x");
    assert_eq!(recovers_text(AWAY, "x").await, "away");
    assert_eq!(
        result_with_a_fallback(AWAY, 9).await.expect("stored").expect("stored").name,
        "stored"
    );
}

#[tokio::test]
async fn a_fallback_does_not_hide_a_build_error() {
    let error = result_with_a_fallback("ftp://host", 9).await.expect_err("a mistake of the caller");
    assert!(error.is_build());
    // A plain value cannot carry the error: it is logged, and the fallback is used.
    assert_eq!(plain("ftp://host", 9).await.name, "nobody");
}

/// An error type that drops the request error.
#[derive(Debug, PartialEq)]
struct Forgetful;

impl From<Error> for Forgetful {
    fn from(_: Error) -> Self {
        Self
    }
}

#[request(get = "{base}/status/{status}", session = SESSION, on_error(Status(404) => recover(()), _ => trace.note("heard")))]
async fn forgetful(base: &str, status: u16, trace: &Trace) -> Result<(), Forgetful>;

#[tokio::test]
async fn arms_run_when_the_return_type_drops_the_error() {
    let trace = Trace::default();
    assert_eq!(forgetful(&base(), 404, &trace).await, Ok(()));
    assert_eq!(forgetful(&base(), 500, &trace).await, Err(Forgetful));
    assert_eq!(trace.take(), ["heard"]);
}

/// The shortest annotated function.
#[request(get = "{base}/status/204", session = SESSION)]
async fn only_the_status(base: &str) -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn a_unit_outcome_depends_only_on_the_status() {
    only_the_status(&base()).await.expect("204");
    let error = only_the_status(AWAY).await.expect_err("refused");
    assert!(matches!(error.kind(), ErrorKind::Connect(_)));
}

/// An error type without a conversion from the request error.
#[derive(Debug, PartialEq)]
struct NotAda;

#[request(get = "{base}/users/{id}", session = SESSION, fallback = "nobody".into())]
async fn never_fails_itself(
    base: &str,
    id: u64,
    #[response] Json(user): Json<User>,
) -> Result<String, NotAda> {
    if user.name == "Ada" { Ok(user.name) } else { Err(NotAda) }
}

#[request(get = "{base}/users/{id}", session = SESSION, on_error(Decode => fail(NotAda), _ => recover(None)))]
async fn settles_all(base: &str, id: u64) -> Result<Option<User>, NotAda>;

#[tokio::test]
async fn the_return_type_need_not_carry_handled_errors() {
    assert_eq!(never_fails_itself(&base(), 7).await, Ok("Ada".into()));
    assert_eq!(never_fails_itself(AWAY, 7).await, Ok("nobody".into()));
    assert_eq!(never_fails_itself("ftp://host", 7).await, Ok("nobody".into()));
    assert!(matches!(settles_all(&base(), 7).await, Ok(Some(user)) if user.name == "Ada"));
    assert_eq!(settles_all(&base(), 8).await, Err(NotAda));
    assert_eq!(settles_all(AWAY, 7).await, Ok(None));
}
