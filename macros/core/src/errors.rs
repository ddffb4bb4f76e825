//! Mistakes, one by one → a list of them → `compile_error!`s.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::LitStr;

/// Every mistake found so far, each with its own span, in the order found.
#[derive(Default)]
pub(crate) struct Errors(Vec<Mistake>);

struct Mistake {
    error: syn::Error,
    /// The template that it stands in, where rustc itself says it better: see [`Errors::misspelt`].
    template: Option<LitStr>,
}

impl Errors {
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// From the first to the last of `tokens`, where [`Self::at`] would point at one token.
    pub(crate) fn on(&mut self, tokens: &impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(Mistake { error, template: None });
    }

    /// A misspelt name in a template. rustc points at it within the literal, as it does for a
    /// format string, where a macro can point at no part of one: `fallback` has it look.
    pub(crate) fn misspelt(&mut self, template: &LitStr, error: syn::Error) {
        self.0.push(Mistake { error, template: Some(template.clone()) });
    }

    /// The value, or nothing and its error kept.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All but those that rustc finds in [`Errors::templates`].
    pub(crate) fn to_compile_errors(&self) -> TokenStream {
        let own = self.0.iter().filter(|mistake| mistake.template.is_none());
        own.map(|mistake| mistake.error.to_compile_error()).collect()
    }

    /// All of them, for an item in which nobody looks into a template.
    pub(crate) fn to_all_compile_errors(&self) -> TokenStream {
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
