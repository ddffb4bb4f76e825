//! The runtime crate without the macro.

mod bodies;
mod connections;
mod continuations;
mod environment;
mod faults;
mod http2;
mod limits;
mod lines;
mod properties;
mod proxies;
mod redirects;
mod requests;
mod retries;
mod secrets;
mod sessions;
mod timeouts;
