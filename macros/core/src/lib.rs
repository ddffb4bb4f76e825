//! What the `#[request]` attribute of `backstop` does, as a library: tokens in, tokens out.
//!
//! Part of `backstop-macros`, and no interface for anything else: it changes with every version.
//!
//! ```text
//! args → args ─┐
//!              ├→ check → model::Request → expand → tokens
//! item → item ─┘     └→ Errors → fallback → the item, stubbed, and compile_error!s
//! ```

#![allow(
    clippy::large_enum_variant,
    reason = "each lives for one expansion, and a box would be one thing more to read"
)]

mod action;
mod args;
mod boxed;
mod check;
mod errors;
mod expand;
mod fallback;
mod habits;
mod item;
mod model;
mod pattern;
mod scan;
mod suggest;
mod template;
#[cfg(test)]
mod tests;
mod units;
mod walk;

use proc_macro2::TokenStream;

/// What `#[request(args)] item` expands to.
pub fn request(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::request(args, item)
}
