//! feignhttp: the function is declared by an attribute. Its error keeps the body.

use feignhttp::{ErrorKind, get};

use crate::User;

#[get("http://127.0.0.1:18640/users/{id}")]
pub(crate) async fn user(#[path] id: u64) -> feignhttp::Result<User> {}

#[get("http://127.0.0.1:18640/flaky/{id}")]
async fn flaky_once(#[path] id: u64) -> feignhttp::Result<User> {}

/// It retries nothing of itself.
pub(crate) async fn flaky(id: u64) -> feignhttp::Result<User> {
    let mut retries = 3;
    loop {
        match flaky_once(id).await {
            Err(error) if retries > 0 && is_transient(&error.error_kind()) => retries -= 1,
            outcome => return outcome,
        }
    }
}

fn is_transient(error: &ErrorKind) -> bool {
    matches!(error, ErrorKind::Status(status, _) if status.is_server_error())
}

#[get("http://127.0.0.1:18640/missing/{id}")]
async fn missing(#[path] id: u64) -> feignhttp::Result<User> {}

pub(crate) async fn not_found(id: u64) -> usize {
    match missing(id).await.expect_err("it is missing").error_kind() {
        ErrorKind::Status(status, body) if status == 404 && body.len() == 200 => body.len(),
        other => panic!("it is missing: {other:?}"),
    }
}
