//! The implementation of the `#[request]` attribute of `backstop`, as a library on tokens.
//!
//! Part of `backstop-macros`. It is not a public interface, and may change in every release.
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

use crate::item::Item;

/// Expands `#[request(args)] item`.
pub fn request(args: TokenStream, item: TokenStream) -> TokenStream {
    let (args, mut errors) = args::read(args);
    let function = match syn::parse2::<Item>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.push(error);
            let mut tokens = errors.to_compile_errors();
            tokens.extend(item);
            return tokens;
        }
    };
    let named = args.named_items();
    match check::check(args, &function, errors) {
        Ok(request) => expand::function(&request, &function),
        Err(errors) => fallback::item(function, &named, &errors),
    }
}
