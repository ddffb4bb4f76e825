//! Programs that use backstop, all of which run offline.
//!
//! - `cargo run --example quickstart`: the patterns that backstop exists for, each beside its outcome
//! - `cargo run --example fetch -- URL`: requests any URL, and explains every failure
//! - `cargo run --example client`: an API client as a struct with annotated methods
