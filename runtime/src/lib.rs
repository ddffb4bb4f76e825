#![doc = include_str!("../docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "cookies",
        feature = "fs",
        feature = "http2",
        feature = "metrics",
        feature = "multipart",
        feature = "rustls",
        feature = "testing-server"
    )),
    allow(rustdoc::broken_intra_doc_links, reason = "the pages link to these features")
)]

mod classify;
mod continuation;
pub mod credentials;
mod deadline;
mod decode;
mod direct;
mod error;
mod exchange;
pub mod expansion;
mod handlers;
mod handover;
mod hooks;
mod host;
pub mod observe;
mod plan;
mod prepare;
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

pub use self::transport::layer;

// Pages of the documentation, and nothing that a program could name.
#[cfg(doc)]
#[doc = include_str!("../docs/faults.md")]
pub mod faults {}

// Its examples use every feature. Without them, the pages are built, and their examples not run.
#[cfg(all(doc, any(not(doctest), all(feature = "fs", feature = "testing-server"))))]
pub mod guide;

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
    credentials::{Bearer, Credentials},
    deadline::Deadline,
    decode::Problem,
    error::{
        BodyError, BuildError, ConnectError, DecodeError, DisconnectedError, Error, ErrorKind, Hop,
        RedirectError, Sent, TimeoutError,
    },
    exchange::Exchange,
    expansion::{ending::Ending, outcome::Outcome, summary::CallSummary},
    handlers::{log, log_at, print},
    observe::Observer,
    prepare::HopRequest,
    request::{Body, Brackets, CallOptions, Commas, IntoHeaderValue, Request},
    response::{BodyStream, Facts, FromResponse, FromResponseParts, Json, Response},
    retry::Retry,
    session::{Session, SessionBuilder},
    transport::Proxy,
};
