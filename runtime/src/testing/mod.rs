//! Test code that sends requests, without a network and without changing its signatures.
//!
//! A [`Script`] replaces the transport: its routes answer the requests, and everything except the socket is
//! real: templates, headers, compression, limits, timers, redirects, retries and credentials. [`Script::run`]
//! runs a future under the script, whichever sessions its calls use.
//!
//! ```
//! use backstop::{ConnectError, Error, request, testing::{Reply, Script}};
//!
//! #[request(
//!     get = "https://api.example.com/users/{id}/name",
//!     retry = 2,
//!     on_error(Status(404) => recover(None)),
//! )]
//! async fn name(id: u64, #[response] name: String) -> Result<Option<String>, Error> {
//!     Ok(Some(name))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let script = Script::new();
//! // The path of the attribute's template.
//! let seven = script.get("/users/{id}/name").with_path("id", 7);
//! seven.clone().fault(ConnectError::Refused).then(Reply::text("Ada")).times(2);
//! script.get("/users/{id}/name").status(404);
//!
//! assert_eq!(script.run(name(7)).await?.as_deref(), Some("Ada"));
//! assert_eq!(script.run(name(8)).await?, None);
//! seven.last().assert_path("/users/7/name").assert_no_header("authorization");
//! # Ok(())
//! # }
//! ```
//!
//! The [guide](crate::guide::testing) has an example of each kind of test.
//!
//! - [`Script`], [`Route`] and [`Reply`]: the responses, and how often each is given; [`Recorded`]: a request
//!   that the script received.
//! - [`Session::scripted`](crate::Session::scripted) and
//!   [`SessionBuilder::script`](crate::SessionBuilder::script): a session whose requests a script answers.
//! - [`request_of`]: the request that a function would send.
//! - [`Response::builder`](crate::Response::builder), and the methods `with_…` of [`Error`](crate::Error):
//!   build a response or an error by hand.
//! - [`Recorder`] and [`Script::replay`]: record the responses of a real server, and replay them in tests.
//! - With the feature `testing-server`, `Server`: the same script over real sockets, and raw bytes.
//!
//! # What is real, and what is not
//!
//! A script replaces the part that sends one hop of a request. Everything that the session does around a hop
//! is unchanged, and its [layers](crate::SessionBuilder::layer) wrap the script. Everything that belongs to
//! connections is absent: name resolution, TLS, proxies, the pool and its limits, and the effects of
//! [`configure`](crate::SessionBuilder::configure), of a [`client`](crate::SessionBuilder::client) and of a
//! [`service`](crate::SessionBuilder::service). A program that is built with this feature but runs no script
//! sends its requests as usual: each call checks once whether a script is active.
//!
//! # Requests without a route
//!
//! A request that matches no route fails with [`BuildError::Session`](crate::BuildError::Session), which
//! neither a retry nor a `fallback` hides, and the script [fails the test](Script::verify): the message shows
//! the request, the nearest route, and what differs. A script verifies itself when it is dropped.
//!
//! # Faults
//!
//! [`Reply::fault`] (and [`Route::fault`]) makes a call fail with any leaf of
//! [`ErrorKind`](crate::ErrorKind), exactly as a real failure would: [`sent`](crate::Error::sent), the
//! [`source`](std::error::Error::source) chain and the decision of a retry policy are the same. The fault
//! occurs immediately. To test a timer itself, use [`Reply::silence`], [`Reply::stalls`] or [`Reply::delay`]
//! with `tokio::time::pause`.
//!
//! | kind | how the script produces it |
//! |---|---|
//! | `Build(_)` | the call is refused before its first attempt: `attempts()` is 0. For a streamed request body, `Build(Body)` is a stream that fails |
//! | `Connect(_)`, `Timeout(Connect)` | the connector of the library's own client fails |
//! | `Disconnected(_)`, `Protocol` | hyper fails on an in-memory connection; `Unsent` is the error after every resend was refused too (for a single refusal see [`Reply::not_taken`]) |
//! | `Timeout(Attempt)`, `Timeout(Total)` | as if the timer had expired while the call waited for the head |
//! | `Timeout(Idle)` | 200, and then as if the timer had expired while the call waited for the body |
//! | `Redirect(TooMany)` | redirects to the same URL, one more than the session follows; they are recorded as one request |
//! | `Redirect(Location)`, `Redirect(Scheme)` | a 302 without a `Location`, and one to an `ftp` URL |
//! | `Redirect(Body)` | a 307; for a request body that can be sent again, the error is produced directly |
//! | `Status(_)` | the status without a body. A redirect status has no `Location`, and is therefore `Redirect(Location)` |
//! | `Body(Truncated)`, `Body(Reset)`, `Body(Framing)` | 200 with JSON that is cut off: hyper fails on an in-memory connection |
//! | `Body(Decompress)` | 200 with a body that is not in the content coding that its head declares |
//! | `Body(TooLarge)` | 200 with a declared length above every limit |
//! | `Body(Storage)`, `Decode(Link)` | 200, and the error as soon as the body is read |
//! | `Decode(_)` | 200 with a body that cannot be read as JSON (`ContentType`, `Syntax`, `Shape`) or as text (`Charset`); for `Shape` it is `[[[[[[[[]]]]]]]]`, which only `serde_json::Value` accepts |
//!
//! A fault in a response takes effect if the request counts 200 as success;
//! [`with_status`](Reply::with_status) gives the response another status. A redirect fault takes effect if
//! the session follows redirects, and a decoding fault if the function reads JSON or text.

mod body;
mod fault;
mod json;
mod pattern;
mod record;
mod recorded;
mod reply;
mod report;
mod request_of;
mod response;
mod route;
mod script;
mod sender;
#[cfg(feature = "testing-server")]
mod server;
mod service;
mod session;

#[cfg(feature = "testing-server")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing-server")))]
pub use self::server::{Certificate, Server, ServerBuilder, Step};
pub use self::{
    record::Recorder,
    recorded::Recorded,
    reply::Reply,
    request_of::request_of,
    response::ResponseBuilder,
    route::{Route, Times},
    script::Script,
    service::HttpService,
};
