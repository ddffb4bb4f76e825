//! The clients: what is measured. Each case is the same function, written with the attribute and
//! by hand.

mod attribute;
mod naive;
mod policy;

use std::{fmt::Debug, sync::LazyLock};

use serde::{Deserialize, Serialize};

use self::attribute::Filter;
use crate::{
    drive::{Plan, drive},
    subscribers,
};

/// What the server answers with, and what is sent to it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct User {
    id: u64,
    name: String,
    about: String,
}

/// Plays a case with a client. Output: whether there is such a case for it.
pub(crate) fn run(client: &str, case: &str, plan: Plan) -> bool {
    match (client, case) {
        ("attribute", "success") => drive(plan, |id| async move { ok(attribute::user(id).await) }),
        ("naive", "success") => drive(plan, |id| async move { ok(naive::user(id).await) }),
        ("policy", "success") => drive(plan, |id| async move { ok(policy::user(id).await) }),

        ("attribute", "404") => drive(plan, |id| async move {
            body(attribute::missing(id).await.expect_err("it is missing").body())
        }),
        ("naive", "404") => drive(plan, |id| async move {
            match naive::missing(id).await {
                Err(naive::Failed::Status { status, body: kept }) if status == 404 => body(&kept),
                other => panic!("it is missing: {other:?}"),
            }
        }),
        ("policy", "404") => drive(plan, |id| async move {
            match policy::missing(id).await {
                Err(policy::Failed::Status { status, body: kept }) if status == 404 => body(&kept),
                other => panic!("it is missing: {other:?}"),
            }
        }),

        ("attribute", "retry") => drive(plan, |id| async move { ok(attribute::flaky(id).await) }),
        ("naive", "retry") => drive(plan, |id| async move { ok(naive::flaky(id).await) }),
        ("policy", "retry") => drive(plan, |id| async move { ok(policy::flaky(id).await) }),

        ("attribute", "handled") => {
            drive(plan, |id| async move { some(attribute::handled(id).await.ok().flatten()) });
        }
        ("attribute", "based") => drive(plan, |id| async move { ok(attribute::based(id).await) }),

        ("attribute", "every-key") => drive(plan, |id| async move {
            some(attribute::every_key(id, Some(2), &FILTER, &sent()).await.ok().flatten())
        }),
        ("naive", "every-key") => {
            drive(
                plan,
                |id| async move { some(naive::every_key(id, Some(2), &FILTER, &sent()).await) },
            )
        }
        ("policy", "every-key") => {
            drive(
                plan,
                |id| async move { some(policy::every_key(id, Some(2), &FILTER, &sent()).await) },
            )
        }

        ("attribute", "fresh") => drive(plan, |id| async move { ok(attribute::fresh(id).await) }),
        ("naive", "fresh") => drive(plan, |id| async move { ok(naive::fresh(id).await) }),

        ("attribute", "headers-query") => {
            drive(plan, |id| async move { ok(attribute::listed(id, "2", "name", "id,name").await) })
        }
        ("naive", "headers-query") => {
            drive(plan, |id| async move { ok(naive::listed(id, "2", "name", "id,name").await) });
        }
        ("attribute", "post") => {
            drive(plan, |id| async move { ok(attribute::replaced(id, &LONG).await) });
        }
        ("naive", "post") => {
            drive(plan, |id| async move { ok(naive::replaced(id, &LONG).await) });
        }
        ("attribute", "redirects") => {
            drive(plan, |id| async move { ok(attribute::redirected(id).await) });
        }
        ("naive", "redirects") => {
            drive(plan, |id| async move { ok(naive::redirected(id).await) });
        }
        ("attribute", "bytes-1m") => {
            drive(plan, |id| async move { large(&attribute::bytes(id).await.expect("a body")) });
        }
        ("naive", "bytes-1m") => {
            drive(plan, |id| async move { large(&naive::bytes(id).await.expect("a body")) });
        }
        ("attribute", "stream-1m") => {
            drive(plan, |id| async move { long(attribute::streamed(id).await.expect("a body")) });
        }
        ("naive", "stream-1m") => {
            drive(plan, |id| async move { long(naive::streamed(id).await.expect("a body")) });
        }
        ("attribute", "json-1m") => {
            drive(plan, |id| async move { many(attribute::users(id).await) });
        }
        ("naive", "json-1m") => drive(plan, |id| async move { many(naive::users(id).await) }),
        ("attribute", "headers-90") => {
            drive(plan, |id| async move { ok(attribute::with_headers(id, &HEADERS).await) });
        }
        ("naive", "headers-90") => {
            drive(plan, |id| async move { ok(naive::with_headers(id, &HEADERS).await) });
        }
        ("attribute", "at-base") => {
            drive(
                plan,
                |id| async move { ok(attribute::at_base("http://127.0.0.1:18640", id).await) },
            )
        }
        ("attribute", "at-url") => drive(plan, |id| async move {
            ok(attribute::at_url(format!("http://127.0.0.1:18640/users/{id}")).await)
        }),
        ("attribute-over-reqwest", "success") => {
            drive(plan, |id| async move { ok(attribute::user_over_reqwest(id).await) });
        }
        ("attribute-filtered", "success") => {
            subscribers::filter_all();
            drive(plan, |id| async move { ok(attribute::user(id).await) });
        }
        ("attribute-discarded", "success") => {
            subscribers::discard_all();
            drive(plan, |id| async move { ok(attribute::user(id).await) });
        }
        ("attribute-unsampled", "success") => {
            subscribers::sample_none();
            drive(plan, |id| async move { ok(attribute::user(id).await) });
        }
        ("attribute", "held") => drive(plan, |all| async move { ok(attribute::held(all).await) }),
        ("naive", "held") => drive(plan, |all| async move { ok(naive::held(all).await) }),
        _ => return false,
    }
    true
}

/// The futures of the function of the case `success`, in bytes.
pub(crate) fn future_sizes() -> [(&'static str, usize); 4] {
    [
        ("attribute", size_of_val(&attribute::user(7))),
        ("attribute-handled", size_of_val(&attribute::handled(7))),
        ("naive", size_of_val(&naive::user(7))),
        ("policy", size_of_val(&policy::user(7))),
    ]
}

const FILTER: Filter = Filter { name: "ada", limit: None };

/// A user of a kilobyte.
static LONG: LazyLock<User> =
    LazyLock::new(|| User { id: 7, name: "Ada".into(), about: "loom ".repeat(196) });

/// As many headers as a browser's extensions and a proxy's tracing never add up to.
static HEADERS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    (0..90).map(|number| (format!("x-header-{number}"), format!("value {number}"))).collect()
});

fn sent() -> User {
    User { id: 7, name: "Ada".into(), about: "Mathematician".into() }
}

/// Looks at what was fetched: a client that failed fast would win.
fn ok<E: Debug>(result: Result<User, E>) -> usize {
    some(Some(result.expect("the server answers with a user")))
}

fn some(user: Option<User>) -> usize {
    let user = user.expect("the server answers with a user");
    assert_eq!((user.id, user.name.as_str()), (7, "Ada Lovelace"));
    user.about.len()
}

fn many<E: Debug>(result: Result<Vec<User>, E>) -> usize {
    let users = result.expect("the server answers with users");
    assert!(users.len() > 5000);
    users.len()
}

fn large(body: &[u8]) -> usize {
    long(body.len())
}

fn long(length: usize) -> usize {
    assert!(length > 1 << 19);
    length
}

fn body(body: &[u8]) -> usize {
    assert_eq!(body.len(), 200);
    body.len()
}
