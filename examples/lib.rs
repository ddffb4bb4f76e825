//! Programs that use backstop, all of which run offline.
//!
//! - `cargo run --example quickstart`: the patterns that backstop exists for, each beside its outcome
//! - `cargo run --example fetch -- URL`: requests any URL, and explains every failure
//! - `cargo run --example client`: an API client as a struct with annotated methods
//! - `cargo run --example github`: a dozen operations of an API, of which each says only what is its own
//! - `cargo run --example github_by_hand`: the same without backstop, to be held beside it
//! - `cargo run --example sigv4`: requests that are signed by AWS Signature Version 4
//! - `cargo run --example retry`: what is tried again, what is not, and why
//! - `cargo run --example pages`: a list in pages, of which one fails at first
//! - `cargo run --example events`: server-sent events over a line that breaks
//! - `cargo run --example download`: a file over connections that all break
//! - `cargo run --example observed`: the spans and counts of a retry, a fallback and a cancelled call
//! - `cargo run --example signed_in`: a token that ends while calls are in flight
//! - `cargo run --example upload`: a file that is sent again when the connection was lost
//! - `cargo run --example layers`: a limit of what is in flight, and a circuit breaker
//! - `cargo run --example daemon`: a daemon through a server that stops and starts again
//! - `cargo run --example service`: an axum service that cancels, and shuts down gracefully
//! - `cargo test -p backstop-examples`: a client and its tests, without a network
