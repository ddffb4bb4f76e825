//! The types that the cases use.

#![allow(missing_docs, reason = "the names say enough")]

use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct User {
    pub id: u64,
    pub name: String,
}

/// Neither `Display`, nor `Serialize`, nor `Deserialize`.
#[derive(Debug)]
pub struct Plain;

/// An error that is not made from a request's.
#[derive(Debug)]
pub enum Problem {
    Gone,
}
