//! Tests of code that sends requests, without a network and without a changed signature.
//!
//! A [`Script`] stands in the place of the transport: its routes answer what is asked, and all but the
//! socket is real: templates, headers, compression, limits, timers, redirects, retries and credentials.
//! [`Script::run`] puts a future under it, whichever session its calls name.
//!
//! ```
//! use backstop::{ConnectError, Error, request, testing::{Reply, Script}};
//!
//! #[request(get = "https://api.example.com/users/{id}/name", retry = 2, on_error(Status(404) => recover(None)))]
//! async fn name(id: u64, #[response] name: String) -> Result<Option<String>, Error> {
//!     Ok(Some(name))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
//! let script = Script::new();
//! // The text of the attribute's template, or one like it.
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
//! The [guide](crate::guide::testing) has a test of each sort.
//!
//! - [`Script`], [`Route`] and [`Reply`]: what is answered, and how often; [`Recorded`]: what was asked.
//! - [`Session::scripted`](crate::Session::scripted) and
//!   [`SessionBuilder::script`](crate::SessionBuilder::script): a session that is made on a script.
//! - [`request_of`]: what a function would send.
//! - [`Response::builder`](crate::Response::builder), and the methods `with_…` of [`Error`](crate::Error): both
//!   by hand.
//! - [`Recorder`] and [`Script::replay`]: what a server said once.
//! - With the feature `testing-server`, `Server`: the same script over real sockets, and raw bytes.
//!
//! # What is real, and what is not
//!
//! A script takes the place of what sends one hop of a request. What the session does around that, it does
//! as ever, and its [layers](crate::SessionBuilder::layer) are over the script. What
//! belongs to connections is not there: name resolution, TLS, proxies, the pool and its limits, and what
//! [`configure`](crate::SessionBuilder::configure), a [`client`](crate::SessionBuilder::client) or a
//! [`service`](crate::SessionBuilder::service) of the session would do. In a program that is built with this feature and runs under no script, a call asks once
//! whether there is one, and is sent as ever.
//!
//! # Failing
//!
//! A request that no route takes ends as [`BuildError::Session`](crate::BuildError::Session), which neither
//! a retry nor a `fallback` hides, and the script [fails the test](Script::verify): the message says what
//! was asked, which route is nearest, and what differs. A script that is dropped verifies itself.
//!
//! # Faults
//!
//! [`Reply::fault`] (and [`Route::fault`]) makes a call fail as in earnest, for each leaf of
//! [`ErrorKind`](crate::ErrorKind): with what [`sent`](crate::Error::sent) says, the
//! [`source`](std::error::Error::source) chain, and what a retry policy makes of it. It comes at once; to
//! have a timer fire by itself use [`Reply::silence`], [`Reply::stalls`] or [`Reply::delay`], with
//! `tokio::time::pause`.
//!
//! | kind | how it is made |
//! |---|---|
//! | `Build(_)` | the call is refused before its first attempt: `attempts()` is 0. `Build(Body)` of a body that is a stream comes as if the stream broke |
//! | `Connect(_)`, `Timeout(Connect)` | the connector fails, in the client of the library |
//! | `Disconnected(_)`, `Protocol` | hyper fails, on a connection in memory; `Unsent` as it is told when sending again did not help (for one refusal see [`Reply::not_taken`]) |
//! | `Timeout(Attempt)`, `Timeout(Total)` | as if the timer had run out while the head was waited for |
//! | `Timeout(Idle)` | 200, and as if the timer had run out while the body was waited for |
//! | `Redirect(TooMany)` | redirects to the same URL, as many as the session follows; they are recorded as one request |
//! | `Redirect(Location)`, `Redirect(Scheme)` | a 302 without a `Location`, and one that leads to `ftp` |
//! | `Redirect(Body)` | a 307; where the body is no stream, the error that it would be |
//! | `Status(_)` | the status without a body. A redirect's status without a `Location` is `Redirect(Location)`, as ever |
//! | `Body(Truncated)`, `Body(Reset)`, `Body(Framing)` | 200 with JSON that breaks off: hyper fails, on a connection in memory |
//! | `Body(Decompress)` | 200 with a body that is not in the coding that its head names |
//! | `Body(TooLarge)` | 200 with a length above every limit |
//! | `Body(Storage)`, `Decode(Link)` | 200, and the error when its body is read, whatever reads it |
//! | `Decode(_)` | 200 with a body that JSON (`ContentType`, `Syntax`, `Shape`) or text (`Charset`) cannot be read from; for `Shape` that is `[[[[[[[[]]]]]]]]`, which is read as `serde_json::Value` alone |
//!
//! A fault of a response comes where the request counts 200 as success;
//! [`with_status`](Reply::with_status) gives it another status. One of a redirect comes where the session
//! follows redirects, and one of decoding where the function reads JSON or text.

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
