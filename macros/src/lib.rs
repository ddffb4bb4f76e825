//! The attributes `#[request]` and `#[requests]`. The crate `backstop` re-exports and documents them.
//!
//! A proc-macro crate can only export macros. The implementation is the library
//! `backstop-macros-core`, so that tests can call it as a function.

// Documented at its re-export in `backstop`, where the examples can be tested.
#[expect(missing_docs, reason = "the docs are at the re-export")]
#[proc_macro_attribute]
pub fn request(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    backstop_macros_core::request(args.into(), item.into()).into()
}

#[expect(missing_docs, reason = "the docs are at the re-export")]
#[proc_macro_attribute]
pub fn requests(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    backstop_macros_core::requests(args.into(), item.into()).into()
}
