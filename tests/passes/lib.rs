//! Correct programs, which compile without warnings. All lints of clippy except restrictions, and the
//! lints of rustc that are off by default, are errors here.
//!
//! Each file has one subject. `tests/all/attribute` tests what such functions do.

#![deny(
    warnings,
    clippy::all,
    clippy::nursery,
    clippy::pedantic,
    future_incompatible,
    let_underscore,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused,
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    impl_trait_redundant_captures,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_abi,
    missing_copy_implementations,
    missing_debug_implementations,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    tail_expr_drop_order,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "the functions are examples, and have no docs"
)]

pub mod arguments;
pub mod groups;
pub mod handlers;
pub mod keys;
pub mod names;
pub mod streams;
pub mod temporaries;
