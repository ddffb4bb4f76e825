//! Programs that use backstop. All of them run offline.
//!
//! - `cargo run --example quickstart`: the main uses of the attribute, each with its outcome
//! - `cargo run --example fetch -- URL`: requests any URL, and explains every failure
//! - `cargo run --example client`: an API client as a struct with annotated methods
//! - `cargo run --example github`: a dozen operations of an API in one group
//! - `cargo run --example github_by_hand`: the same program without backstop
//! - `cargo run --example sigv4`: requests signed with AWS Signature Version 4
//! - `cargo run --example retry`: which requests are retried, which are not, and why
//! - `cargo run --example pages`: a paginated list, with a page that fails at first
//! - `cargo run --example events`: server-sent events over connections that break
//! - `cargo run --example download`: a file over connections that break
//! - `cargo run --example observed`: the spans and counts of a retry, a fallback and a cancelled call
//! - `cargo run --example signed_in`: a token that expires while calls are in flight
//! - `cargo run --example upload`: a file that is sent again after a lost connection
//! - `cargo run --example layers`: a concurrency limit, and a circuit breaker
//! - `cargo run --example daemon`: a daemon whose server stops and restarts
//! - `cargo run --example service`: an axum service with cancellation and graceful shutdown
//! - `cargo test -p backstop-examples`: a client and its tests, without a network
