//! All integration tests, in a single program that is linked once.

mod api;
mod attribute;
mod faults;
mod modules;
mod picture;
mod readme;
mod runtime;
mod support;
mod testing;
