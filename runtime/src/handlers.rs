//! Ready-made error handlers.

use tracing::Level;

use crate::error::Error;

/// Writes the error to the log, as a [`tracing`](https://docs.rs/tracing) event of level `ERROR`.
///
/// The event's message is the whole chain of causes. Its fields are named as OpenTelemetry names
/// them: `error.type` ([`ErrorKind::name`](crate::ErrorKind::name)), `http.request.method`,
/// `url.template`, `url.full` (redacted) and `http.response.status_code`. It is written in the span of the
/// call, where that is [still open](crate::Request::handled), as it is in a function under
/// [`request`](macro@crate::request). Without a `tracing` subscriber, nothing is written.
///
/// ```
/// use backstop::{Error, ErrorKind, log};
///
/// log(&Error::new(ErrorKind::Protocol));
/// ```
pub fn log(error: &Error) {
    log_at(Level::ERROR, error);
}

/// Writes the error to the log as [`log`] does, at another level.
pub fn log_at(level: Level, error: &Error) {
    match error.observed() {
        Some(observed) => observed.in_scope(&mut || event(level, error)),
        None => event(level, error),
    }
}

fn event(level: Level, error: &Error) {
    // The level of an event must be a constant at its call site.
    macro_rules! event_at {
        ($($level:ident)*) => {
            match level {
                $(Level::$level => tracing::event!(
                    target: "backstop",
                    Level::$level,
                    "error.type" = &*error.kind().name(),
                    "http.request.method" = error.method().map(http::Method::as_str),
                    "url.template" = error.template(),
                    "url.full" = error.url().map(url::Url::as_str),
                    "http.response.status_code" = error.status().map(|status| status.as_u16()),
                    "{error:#}"
                ),)*
            }
        };
    }
    event_at!(ERROR WARN INFO DEBUG TRACE);
}

/// Prints the error and its whole chain of causes to the standard error stream, on one line.
///
/// ```
/// use backstop::{Error, ErrorKind, print};
///
/// print(&Error::new(ErrorKind::Protocol));
/// ```
pub fn print(error: &Error) {
    eprintln!("{error:#}");
}
