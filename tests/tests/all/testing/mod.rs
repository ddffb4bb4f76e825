//! Scripts: routes, replies, faults, and the messages of failed tests.

mod by_hand;
mod faults;
mod recorded;
mod recording;
mod replies;
mod routes;
mod server;
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

/// The failures of the script, which is then dropped without a panic.
fn failures(script: &Script) -> String {
    script.check().expect_err("the script has failures")
}
