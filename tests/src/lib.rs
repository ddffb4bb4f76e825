//! Servers for the tests and examples of backstop: one on 127.0.0.1 that answers requests, one that plays
//! faults, and the lab that tests the library with those faults.

mod echo;
pub mod faults;
pub mod lab;
pub mod picture;
pub mod properties;
mod server;

pub use self::{
    echo::Echo,
    server::{Answer, Asked, Server},
};

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
