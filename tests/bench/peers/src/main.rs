//! The clients that the bench compares backstop with, each playing the same cases.

#[path = "../../src/drive.rs"]
mod drive;

mod declared;
mod floor;
mod layered;

use std::{env, fmt::Debug, process::ExitCode};

use serde::Deserialize;

use self::drive::{Plan, drive};

/// What the server answers with.
#[derive(Debug, Deserialize)]
struct User {
    id: u64,
    name: String,
    about: String,
}

/// What a client returns that keeps the body of a response that is no success.
#[derive(Debug)]
struct Failed<E> {
    status: u16,
    body: Vec<u8>,
    /// An error of the client's own, in place of a status.
    error: Option<E>,
}

impl<E> From<E> for Failed<E> {
    fn from(error: E) -> Self {
        Self { status: 0, body: Vec::new(), error: Some(error) }
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let (Some([client, case]), Some(plan)) =
        (args.first_chunk(), args.get(2..).and_then(Plan::parse))
    else {
        eprintln!("usage: backstop-bench-peers CLIENT CASE PLAN");
        return ExitCode::FAILURE;
    };
    match (client.as_str(), case.as_str()) {
        ("hyper-util", "retry") => drive(plan, |id| async move { ok(floor::flaky(id).await) }),
        ("hyper-util", "success") => drive(plan, |id| async move { ok(floor::user(id).await) }),
        ("hyper-util", "404") => drive(plan, |id| async move { failed(floor::missing(id).await) }),
        ("middleware", "retry") => drive(plan, |id| async move { ok(layered::flaky(id).await) }),
        ("middleware", "success") => drive(plan, |id| async move { ok(layered::user(id).await) }),
        ("middleware", "404") => {
            drive(plan, |id| async move { failed(layered::missing(id).await) })
        }
        ("feignhttp", "retry") => drive(plan, |id| async move { ok(declared::flaky(id).await) }),
        ("feignhttp", "success") => drive(plan, |id| async move { ok(declared::user(id).await) }),
        ("feignhttp", "404") => drive(plan, |id| async move { declared::not_found(id).await }),
        _ => {
            eprintln!("there is no such case");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Looks at what was fetched: a client that failed fast would win.
fn ok<E: Debug>(result: Result<User, E>) -> usize {
    let user = result.expect("the server answers with a user");
    assert_eq!((user.id, user.name.as_str()), (7, "Ada Lovelace"));
    user.about.len()
}

fn failed<E: Debug>(result: Result<User, Failed<E>>) -> usize {
    match result {
        Err(Failed { status: 404, body, error: None }) if body.len() == 200 => body.len(),
        other => panic!("it is missing: {other:?}"),
    }
}
