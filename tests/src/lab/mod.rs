//! The fault lab: cases of what can go wrong, each played over real sockets and held against what
//! it should be told as.
//!
//! ```text
//! cases.json, ─► Case ─► Stage (endpoints that play its script) ─┐
//! more.json        └───► client: Session, Request ──────► Report ┼─► differences
//! expectations.json ─► Expectation ──────────────────────────────┘
//! ```
//!
//! A case is data of both sides: what the server does, and what the client asks for. What is expected
//! is written down beside it, case by case, from what the fault is: never from what the library
//! made of it.
//!
//! `plain` drives a plain reqwest through the same cases; what it answers is kept in `reqwest.json`.
//! `table` sets that, and what aiohttp raised, beside our kinds.

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
