//! What the tests and the examples of backstop run against: a server on 127.0.0.1 that answers, one
//! that does everything wrong, and the lab that holds the library against it.

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
