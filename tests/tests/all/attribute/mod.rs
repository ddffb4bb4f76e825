//! The attribute: each row of its grammar, and each kind of return type.

mod arguments;
mod arms;
mod bodies;
mod endings;
mod groups;
mod hygiene;
mod names;
mod no_content;
mod options;
mod outcomes;
mod places;
mod reading;
mod retries;
mod settings;
mod templates;
mod temporaries;
mod undisturbed;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use backstop_tests::{Answer, Server};

use crate::support::ADA;

/// A server that answers by path: `/users/7` is Ada, `/status/418` that status, `/users/8` JSON of
/// another shape, `/stall` never answers; anything else is 200 with the target as text.
static SERVER: LazyLock<Server> = LazyLock::new(|| {
    Server::start(|asked| match asked.path() {
        "/users/7" => Answer::json(ADA),
        "/users/8" => Answer::json(r#"{"id":"eight"}"#),
        "/stall" => Answer::Stall(Vec::new()),
        path => match path.strip_prefix("/status/").and_then(|status| status.parse().ok()) {
            Some(status) => Answer::new(status, ""),
            None => Answer::new(200, asked.target.clone()),
        },
    })
});

fn base() -> String {
    SERVER.url()
}

/// An address where nothing listens.
const AWAY: &str = "http://127.0.0.1:1";

/// The recorded events, in order.
#[derive(Default)]
struct Trace(Mutex<Vec<String>>);

impl Trace {
    fn note(&self, what: impl Into<String>) {
        self.lock().push(what.into());
    }

    /// The events since the last call.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
