//! Scripts: routes, replies, faults, and what is told when a test does not go as written.

mod faults;
mod recorded;
mod replies;
mod routes;
mod sessions;
mod streams;

use backstop::{Error, Request, Response, Session, testing::Script};

/// Fetches with the shared session under a script.
async fn fetch(script: &Script, request: Request) -> Result<Response, Error> {
    script.run(Session::shared().fetch(request)).await
}

/// The text of the response to a GET.
async fn text(script: &Script, url: &'static str) -> Result<String, Error> {
    fetch(script, Request::get(url)).await?.text()
}

/// Marks what the script found wrong as seen, and returns it.
fn failures(script: &Script) -> String {
    let failures = script.check().expect_err("the script did not go as written");
    let verified = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| script.verify()));
    assert!(verified.is_err(), "`verify` panics with what `check` returns");
    failures
}
