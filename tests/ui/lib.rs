//! What the cases beside this file mention.

#![allow(missing_docs, reason = "they are named after what they are for")]

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
