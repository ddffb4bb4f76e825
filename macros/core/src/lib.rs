//! The implementation of the attributes `#[request]` and `#[requests]` of `backstop`, as a library on tokens.
//!
//! Part of `backstop-macros`. This is not a public interface, and may change in every release.
//!
//! ```text
//! args → args ─┐
//!              ├→ check → model::Request → expand → tokens
//! item → item ─┘     └→ Errors → fallback → the item with a stub body, and compile_error!s
//! ```

#![allow(
    clippy::large_enum_variant,
    reason = "one value of each exists per expansion, and boxes would only make the code longer"
)]

mod action;
mod args;
mod boxed;
mod check;
mod errors;
mod expand;
mod fallback;
mod group;
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

use crate::args::Args;
use crate::errors::Errors;
use crate::item::Item;

/// Expands `#[request(args)] item`.
pub fn request(args: TokenStream, item: TokenStream) -> TokenStream {
    let (args, mut errors) = args::read(args);
    let item = match syn::parse2::<Item>(item.clone()) {
        Ok(item) => item,
        Err(error) => {
            errors.push(error);
            let mut tokens = errors.to_compile_errors();
            tokens.extend(item);
            return tokens;
        }
    };
    function(args, errors, true, item)
}

/// Expands `#[requests(args)] item`.
pub fn requests(args: TokenStream, item: TokenStream) -> TokenStream {
    group::expand(args, item)
}

/// Expands one function. Unless the keys are `complete`, nothing is reported as missing.
fn function(args: Args, errors: Errors, complete: bool, item: Item) -> TokenStream {
    let named = args.named();
    match check::check(args, &item, errors, complete) {
        Ok(request) => expand::function(&request, &item),
        Err(errors) => fallback::item(item, &named, &errors),
    }
}
