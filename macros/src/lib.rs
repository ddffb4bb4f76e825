//! The `#[request]` attribute of `backstop`, which re-exports it: see there for how to use it.
//!
//! A macro's crate exports nothing but macros, so what it does is a library of its own,
//! `backstop-macros-core`, which the tests use too.

// Documented where `backstop` re-exports it: there, the examples can be tested.
#[expect(missing_docs, reason = "they stand at the re-export")]
#[proc_macro_attribute]
pub fn request(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    backstop_macros_core::request(args.into(), item.into()).into()
}
