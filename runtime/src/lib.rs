//! Turns an async function into a fallible HTTP request.
//!
//! One attribute says what to send, what counts as failure, who hears of it, what the caller gets
//! instead, and what is cleaned up. The body is left with the success.
//!
//! ```no_run
//! use backstop::{Error, Json, request};
//! # #[derive(serde::Deserialize)] struct User { name: String }
//! # fn release_resources() {}
//!
//! #[request(
//!     get = "https://api.example.com/users/{id}",
//!     on_error(
//!         Connect => print,
//!         Status(404) => recover(None),
//!         _ => log,
//!     ),
//!     cleanup = release_resources,
//! )]
//! async fn user_name(id: u64, #[response] Json(user): Json<User>) -> Result<Option<String>, Error> {
//!     Ok(Some(user.name))
//! }
//! ```
//!
//! - [`request`](macro@request) is the attribute: its page is the reference of what can be written.
//!   [`requests`](macro@requests) gives a whole `impl`, `mod` or `trait` the keys that its functions share.
//! - [`Error`] tells what went wrong: [`ErrorKind`] is a tree in which every fault has one leaf,
//!   and [`faults`] sets it beside aiohttp's classes and reqwest's predicates.
//! - [`Session`] holds connections and defaults; it is safe to share in a `static`.
//!
//! The attribute expands to calls of this library, which is complete without it: [`Request`],
//! [`Session::fetch`], [`Response`] and [`FromResponse`]. [`expansion`] has the rest of what it writes.
//!
//! # Limits
//!
//! - A call is awaited on a tokio runtime with its I/O and time drivers enabled.
//! - A future that is dropped closes its connection; the server may have processed the request.
//!   A future that was never polled has done nothing, and its `finally` does not run.
//! - A body that ends with its connection (neither `Content-Length` nor chunks) can be cut short
//!   without a trace.
//!
//! # Features
//!
//! By default `rustls`, `http2`, `charset` and `system-proxy`. Without them: plain `http`, HTTP/1,
//! text in UTF-8.
//!
//! | feature | what it adds |
//! |---|---|
//! | `rustls` | `https` through rustls, with the platform's certificates |
//! | `native-tls` | `https` through the platform's TLS library, without `rustls` |
//! | `http2` | HTTP/2 |
//! | `charset` | text in other charsets than UTF-8 |
//! | `system-proxy` | proxies from the environment and the system's settings |
//! | `socks` | SOCKS proxies |
//! | `gzip`, `brotli`, `deflate`, `zstd` | decompression of responses, and asking for them |
//! | `cookies` | a cookie store for a session |
//! | `multipart` | `multipart/form-data` bodies |
//! | `stream` | bodies from a `Stream`, and responses as one: by the part, the line or the value |
//! | `fs` | downloads to a file |
//! | `hickory-dns` | the resolver hickory-dns |
//! | `testing` | scripts in the place of the network: the module `testing` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod classify;
mod continuation;
mod deadline;
mod decode;
mod direct;
mod error;
mod exchange;
pub mod expansion;
mod handlers;
mod handover;
mod plan;
mod redact;
mod request;
mod response;
mod retry;
mod send_body;
mod session;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "testing")]
#[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
pub mod testing;
mod timers;
mod tls;
mod transport;

// A page of the documentation, and nothing that a program could name.
#[cfg(doc)]
#[doc = include_str!("../docs/faults.md")]
pub mod faults {}

#[cfg(all(doc, feature = "stream"))]
#[doc = include_str!("../docs/streams.md")]
pub mod streams {}

#[doc = include_str!("../docs/request.md")]
pub use backstop_macros::request;
#[doc = include_str!("../docs/requests.md")]
pub use backstop_macros::requests;
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
pub use reqwest;
pub use tracing::Level;
pub use url::Url;

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
pub use self::stream::{
    ByBody, ByLink, ByNumber, Download, Event, Events, FromEvent, HasNext, Items, JsonLines, Lines,
    NextPage, Pages, Paging, Progress,
};
pub use self::{
    continuation::{Continuation, Continued},
    deadline::Deadline,
    error::{
        BodyError, BuildError, ConnectError, DecodeError, DisconnectedError, Error, ErrorKind,
        RedirectError, Sent, TimeoutError,
    },
    exchange::Exchange,
    expansion::{ending::Ending, outcome::Outcome},
    handlers::{log, log_at, print},
    request::{Body, IntoHeaderValue, Request},
    response::{BodyStream, FromResponse, FromResponseParts, Json, Response},
    retry::Retry,
    session::{Session, SessionBuilder},
    transport::Proxy,
};
