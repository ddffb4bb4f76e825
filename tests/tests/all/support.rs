//! Helpers for many tests.

use std::{io::Write as _, sync::LazyLock, time::Duration};

use backstop::{Error, Request, Response, Session};
use serde::{Deserialize, Serialize};

/// A session that ignores the proxy variables of the environment.
pub(crate) static SESSION: LazyLock<Session> = LazyLock::new(|| session(|builder| builder));

/// The same session with other settings.
pub(crate) fn session(
    set: impl FnOnce(backstop::SessionBuilder) -> backstop::SessionBuilder,
) -> Session {
    set(Session::builder().no_proxy()).build().expect("a session")
}

/// The transport of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Direct,
    Reqwest,
}

pub(crate) const TRANSPORTS: [Transport; 2] = [Transport::Direct, Transport::Reqwest];

/// The same over one of the transports.
pub(crate) fn session_over(
    transport: Transport,
    set: impl FnOnce(backstop::SessionBuilder) -> backstop::SessionBuilder,
) -> Session {
    session(|builder| set(builder).use_reqwest(transport == Transport::Reqwest))
}

/// Fetches with [`SESSION`], and fails instead of hanging.
pub(crate) async fn fetch(request: Request) -> Result<Response, Error> {
    fetch_with(&SESSION, request).await
}

pub(crate) async fn fetch_with(session: &Session, request: Request) -> Result<Response, Error> {
    bounded(session.fetch(request)).await
}

/// Fails the test if the future takes too long.
pub(crate) async fn bounded<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("ends in time")
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: u64,
    pub(crate) name: String,
}

pub(crate) const ADA: &str = r#"{"id":7,"name":"Ada"}"#;

/// A gzip member (RFC 1952 §2.3).
pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).and_then(|()| encoder.finish()).expect("compressed")
}
