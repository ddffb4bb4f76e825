//! The mistakes of one attribute, collected, and written as `compile_error!`s.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::LitStr;

/// The mistakes found so far, in order, each with its span.
#[derive(Default)]
pub(crate) struct Errors(Vec<Mistake>);

struct Mistake {
    error: syn::Error,
    /// The template with the mistake, if rustc reports it: see [`Errors::misspelt`].
    template: Option<LitStr>,
}

impl Errors {
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// At all of `tokens`, from the first to the last.
    pub(crate) fn on(&mut self, tokens: &impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(Mistake { error, template: None });
    }

    /// A misspelt name in a template. A macro cannot point at a part of a literal. rustc can, so
    /// `fallback` passes the template to it as a format string.
    pub(crate) fn misspelt(&mut self, template: &LitStr, error: syn::Error) {
        self.0.push(Mistake { error, template: Some(template.clone()) });
    }

    /// Adds those of another list.
    pub(crate) fn append(&mut self, other: Errors) {
        self.0.extend(other.0);
    }

    /// The value, or `None` after keeping the error.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All except those that rustc reports for [`Errors::templates`], for the body of a function.
    // Output: ::core::compile_error! { "unknown key `gett`; did you mean `get`?" }
    pub(crate) fn to_expressions(&self) -> Vec<TokenStream> {
        let own = self.0.iter().filter(|mistake| mistake.template.is_none());
        // A `syn::Error` may consist of several.
        own.flat_map(|mistake| mistake.error.clone())
            .map(|error| error.to_compile_error())
            .collect()
    }

    /// All mistakes, for an item that is written without its templates.
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        self.0.iter().map(|mistake| mistake.error.to_compile_error()).collect()
    }

    /// The templates with a misspelt name, each once.
    pub(crate) fn templates(&self) -> Vec<&LitStr> {
        let mut found: Vec<&LitStr> = Vec::new();
        for template in self.0.iter().filter_map(|mistake| mistake.template.as_ref()) {
            if !found.iter().any(|other| other.value() == template.value()) {
                found.push(template);
            }
        }
        found
    }

    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &syn::Error> {
        self.0.iter().map(|mistake| &mistake.error)
    }
}
