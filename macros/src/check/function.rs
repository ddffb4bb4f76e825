//! The rules for the function under the attribute.

use std::collections::HashSet;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{ReturnType, Safety};

use super::{action_expressions, closing_expressions, handler_key, request_expressions};
use crate::args::Args;
use crate::errors::Errors;
use crate::item::Item;
use crate::{scan, template};

/// The longest tuple that is read from a response.
const MOST_RESPONSES: usize = 5;

/// A request is an `async fn`, and nothing else besides.
pub(super) fn is_async(item: &Item, errors: &mut Errors) {
    let sig = &item.sig;
    if let Some(token) = &sig.constness {
        errors.on(token, "a request cannot be sent in a `const fn`: remove `const`");
    } else if sig.asyncness.is_none() {
        errors.on(
            &sig.fn_token,
            format!("`#[request]` goes on an `async fn`: write `async fn {}`", sig.ident),
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.on(token, "nothing about a request is unsafe: remove `unsafe`");
    }
    if let Some(abi) = &sig.abi {
        errors.on(abi, "an `async fn` has no other ABI than Rust's: remove `extern`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, "a request takes a fixed number of arguments: remove `...`");
    }
}

/// Each would send a request of its own.
pub(super) fn one_request(item: &Item, errors: &mut Errors) {
    for attr in &item.requests {
        errors.on(attr, "a function is one request, and this one is given already: remove this");
    }
}

/// `#[response]` marks an argument of a function with a body, and takes nothing itself.
pub(super) fn response_arguments(item: &Item, errors: &mut Errors) {
    if let Some(attr) = &item.response_self {
        errors.on(attr, "`self` comes from the caller: put `#[response]` on an argument");
    }
    if let Some(response) = item.responses.get(MOST_RESPONSES) {
        let message =
            format!("a function takes at most {MOST_RESPONSES} of these: take a `Response`");
        errors.on(&response.attr, message);
    }
    for response in &item.responses {
        if response.has_arguments() {
            errors.on(
                &response.attr.meta,
                "`#[response]` takes no arguments: the type of the argument says how it is read",
            );
        }
        if item.body.is_none() {
            errors.on(
                &response.attr,
                "a function without a body decodes the response as its return type: write a body, \
                 or remove this argument",
            );
        }
    }
}

/// Where values of the return type are made by generated code, it has a name.
pub(super) fn named_return_type(args: &Args, item: &Item, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = &item.sig.output else {
        return;
    };
    let Some(span) = scan::impl_trait(&ty.to_token_stream()) else {
        return;
    };
    if item.body.is_none() {
        errors.at(span, "a function without a body decodes its return type: name the type");
    } else if let Some(key) = handler_key(args) {
        errors.at(span, format!("`{key}` needs to know the return type: name the type"));
    }
}

/// Without a body, an argument that neither the template nor an expression uses is a mistake.
pub(super) fn used_arguments(args: &Args, item: &Item, errors: &mut Errors) {
    if item.body.is_some() || args.targets.is_empty() {
        return;
    }
    let bindings = item.bindings();
    let mut used = HashSet::new();
    for target in &args.targets {
        // A template that cannot be read may use any of them.
        let Ok(template) = template::parse(&target.template.value()) else {
            return;
        };
        let names = template.placeholders.into_iter().map(|placeholder| placeholder.text);
        for name in names.filter(|name| !name.starts_with("self.")) {
            // One that names no argument may have meant any of them.
            if !bindings.iter().any(|(binding, _)| binding.unraw() == name) {
                return;
            }
            used.insert(name);
        }
    }
    let expressions = [request_expressions, action_expressions, closing_expressions];
    for tokens in expressions.into_iter().flat_map(|of| of(args)) {
        scan::words(tokens, &mut used);
    }
    for (name, _) in bindings {
        let text = name.unraw().to_string();
        if !text.starts_with('_') && !used.contains(&text) {
            errors.at(
                name.span(),
                format!(
                    "`{text}` is never used: put `{{{text}}}` in the template, use it in `query`, \
                     `header` or `json`, or name it `_{text}`"
                ),
            );
        }
    }
}
