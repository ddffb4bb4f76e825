//! The fault lab: plays each fault over real sockets, and compares the outcome with the expected kind.
//!
//! ```text
//! cases.json, ─► Case ─► Stage (endpoints that play its script) ─┐
//! more.json        └───► client: Session, Request ──────► Report ┼─► differences
//! expectations.json ─► Expectation ──────────────────────────────┘
//! ```
//!
//! A case is data for both sides: the steps of the server, and the request of the client. The expectation of
//! each case follows from what the fault is, and never from the library's behaviour.
//!
//! `plain` runs the same cases with plain reqwest; its answers are kept in `reqwest.json`. `table` compares
//! them, and aiohttp's exceptions, with our kinds.

mod case;
mod client;
mod expectation;
mod plain;
mod report;
mod resolver;
mod run;
mod stage;
mod streams;
mod table;

pub use self::{
    client::Transport,
    expectation::{Expectation, Expectations},
    report::Report,
    run::{Answers, BesideScript, Lab, Summary},
    table::Comparison,
};
