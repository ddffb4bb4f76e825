//! The `#[request]` attribute of `backstop`, which re-exports it: see there for how to use it.
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

// Documented where `backstop` re-exports it: there, the examples can be tested.
#[expect(missing_docs, reason = "they stand at the re-export")]
#[proc_macro_attribute]
pub fn request(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand::request(args.into(), item.into()).into()
}
