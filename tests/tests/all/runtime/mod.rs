//! The runtime crate without the macro.

mod bodies;
mod connections;
mod continuations;
mod downloads;
mod environment;
mod events;
mod faults;
mod http2;
mod limits;
mod lines;
mod pages;
mod properties;
mod proxies;
mod redirects;
mod requests;
mod retries;
mod secrets;
mod sessions;
mod stream_faults;
mod timeouts;
mod uploads;
