//! All integration tests, in one program so that it links once.

mod api;
mod attribute;
mod faults;
mod modules;
mod picture;
mod readme;
mod runtime;
mod support;
mod testing;
