//! Tests that give an annotated function as text to the attribute.

mod groups;
mod methods;
mod prefixes;
mod rules;
mod shapes;
mod snapshots;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::errors::Errors;
use crate::item::Item;
use crate::{args, check};

/// `#[request(ARGS)] ITEM` → the two token streams that the attribute gets.
fn split(source: &str) -> (TokenStream, TokenStream) {
    let tokens: TokenStream = source.parse().expect("the source is made of tokens");
    let mut tokens = tokens.into_iter();
    let attribute = tokens.nth(1).expect("the source begins with an attribute");
    let args = match attribute {
        TokenTree::Group(group) => group
            .stream()
            .into_iter()
            .find_map(|tree| match tree {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                    Some(group.stream())
                }
                _ => None,
            })
            .unwrap_or_default(),
        other => panic!("`{other}` is not an attribute"),
    };
    (args, tokens.collect())
}

/// The place and the message of each mistake in `source`.
fn mistakes(source: &str) -> Vec<(String, String)> {
    let (args, item) = split(source);
    let (args, mut errors) = args::read(args);
    let errors = match syn::parse2::<Item>(item) {
        Ok(item) => {
            // The expansion of a function reports these errors in its values.
            let missing = args.missing.clone();
            match check::check(args, &item, errors, true) {
                Ok(_) => {
                    let mut errors = Errors::default();
                    missing.into_iter().for_each(|error| errors.push(error));
                    errors
                }
                Err(errors) => errors,
            }
        }
        Err(error) => {
            errors.push(error);
            errors
        }
    };
    errors
        .iter()
        .map(|error| {
            let at = error.span().source_text().unwrap_or_default();
            (at, error.to_string())
        })
        .collect()
}
