//! The rules for the keys of a group, and for what a function adds to them.
//!
//! A key that is refused is removed from the group, so that no function repeats the mistake.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, LitStr};

use super::{
    action_expressions, closing_expressions, crate_path, handlers, request_expressions, retry, sent,
};
use crate::args::{Args, Keyed, METHODS, Shared};
use crate::errors::Errors;
use crate::item::Item;
use crate::scan;
use crate::suggest::did_you_mean;
use crate::template;

/// Checks the keys of a group that has these functions.
pub(crate) fn check(shared: &mut Shared, functions: &[&Item], errors: &mut Errors) {
    let names = names(functions);
    for_each_function(&mut shared.args, errors);
    some_receiver(&mut shared.args, functions, errors);
    one_base(shared, errors);
    known_base(shared, functions, &names, errors);
    let args = &mut shared.args;
    ask(args, errors, sent::one_authorization, |args| {
        args.basic = None;
    });
    ask(
        args,
        errors,
        |args, errors| sent::header_names(args, &names, errors),
        |args| {
            args.headers = None;
        },
    );
    ask(args, errors, sent::limits_above_zero, |args| {
        args.timeout = None;
        args.max_body = None;
    });
    ask(args, errors, sent::attempt_within_total, |args| args.timeout = None);
    ask(args, errors, sent::statuses, |args| args.expect = None);
    ask(args, errors, |args, errors| retry::check(args, true, errors), |args| args.retry = None);
    ask(args, errors, |args, errors| _ = crate_path(args, errors), |args| args.krate = None);
    let no_handlers = |args: &mut Args| {
        args.on_error = None;
        args.cleanup = None;
        args.finally = None;
    };
    ask(args, errors, handlers::no_early_exit, |args| {
        no_handlers(args);
        args.session = None;
    });
    ask(args, errors, |args, errors| handlers::named_error(args, &names, errors), no_handlers);
    ask(args, errors, handlers::possible_statuses, |args| args.on_error = None);
    ask(args, errors, |args, errors| call(&args.cleanup, errors), |args| args.cleanup = None);
    ask(args, errors, |args, errors| call(&args.finally, errors), |args| args.finally = None);
}

/// Applies one of the rules for a function, and removes a refused key.
///
/// UI: `group/header_name_with_a_space`, `group/timeout_zero`, `group/retry_zero`,
/// `group/error_not_bound`.
fn ask(
    args: &mut Args,
    errors: &mut Errors,
    rule: impl FnOnce(&Args, &mut Errors),
    take_out: impl FnOnce(&mut Args),
) {
    let before = errors.len();
    rule(args, errors);
    if errors.len() > before {
        take_out(args);
    }
}

/// The names of the arguments of all functions.
fn names(functions: &[&Item]) -> Vec<String> {
    let bindings = functions.iter().flat_map(|item| item.bindings());
    let names: HashSet<String> = bindings.map(|(name, _)| name.unraw().to_string()).collect();
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names
}

/// `cleanup` and `finally` are the same here as in a function.
///
/// UI: `group/cleanup_not_a_call`.
fn call(keyed: &Option<Keyed<syn::Expr>>, errors: &mut Errors) {
    if let Some(keyed) = keyed {
        handlers::call(keyed, errors);
    }
}

/// A method, a body and a fallback belong to one function.
///
/// UI: `group/method_shared`, `group/custom_method_shared`, `group/body_shared`,
/// `group/fallback_shared`.
fn for_each_function(args: &mut Args, errors: &mut Errors) {
    for target in std::mem::take(&mut args.targets) {
        let key = &target.key;
        let written = match target.custom {
            Some(name) => format!("method({})", name.token()),
            None => key.to_string(),
        };
        errors.at(
            key.span(),
            format!(
                "each function has its own method and template: write `{written} = \"/path\"` in its \
                 `#[request]`, and `base = \"/path\"` here for what the templates begin with"
            ),
        );
    }
    for body in std::mem::take(&mut args.bodies) {
        let key = &body.key;
        errors.at(
            key.span(),
            format!("each function sends its own body: write `{key} = …` in its `#[request]`"),
        );
    }
    if let Some(fallback) = args.fallback.take() {
        errors.at(
            fallback.key.span(),
            "each function returns its own type: write `fallback = …` in its `#[request]`",
        );
    }
}

/// `base` is a URL or a path, without a query, and without the `/` with which the templates begin.
///
/// UI: `group/base_with_a_query`, `group/base_ends_with_a_slash`, `group/base_without_a_slash`,
/// `group/base_empty`, `group/base_unclosed`, `group/base_scheme`.
fn one_base(shared: &mut Shared, errors: &mut Errors) {
    let Some(Keyed { value: base, .. }) = &shared.base else {
        return;
    };
    let text = base.value();
    let refused = if let Err(problems) = template::parse(&text) {
        problems.into_iter().map(|problem| problem.message).next()
    } else if let Some((path, _)) = text.split_once('?') {
        Some(format!("a query belongs to a template: write `{path}` here"))
    } else if text.is_empty() {
        Some("an empty `base` changes nothing: remove it".to_owned())
    } else if let Some(path) = text.strip_suffix('/') {
        Some(format!("the templates begin with `/`: write `base = \"{path}\"`"))
    } else if !text.starts_with(['/', '{']) && !text.contains("://") {
        Some(format!("`base` is a URL or a path: write `base = \"/{text}\"`"))
    } else {
        None
    };
    if let Some(message) = refused {
        errors.on(base, message);
        shared.base = None;
    }
}

/// A placeholder of `base` is an argument of some function.
///
/// UI: `group/base_names_no_argument`.
fn known_base(shared: &mut Shared, functions: &[&Item], names: &[String], errors: &mut Errors) {
    let Some(Keyed { value: base, .. }) = &shared.base else {
        return;
    };
    let unknown = |name: &String| {
        !functions.is_empty() && functions.iter().all(|item| !names_value(item, name))
    };
    if let Some(name) = placeholders(base).into_iter().find(unknown) {
        let near = did_you_mean(&name, names.iter().map(String::as_str));
        let advice = match near.is_empty() {
            true => ": add it to the functions' arguments".to_owned(),
            false => near,
        };
        errors.on(base, format!("no function has an argument named `{name}`{advice}"));
        shared.base = None;
    }
}

fn placeholders(base: &LitStr) -> Vec<String> {
    let parsed = template::parse(&base.value()).unwrap_or_default();
    parsed.placeholders.into_iter().map(|placeholder| placeholder.text).collect()
}

/// Whether a placeholder has a value in a function.
fn names_value(item: &Item, text: &str) -> bool {
    match text.starts_with("self.") {
        true => item.sig.receiver().is_some(),
        false => {
            template::is_constant(text)
                || item.bindings().iter().any(|(name, _)| name.unraw() == text)
                || item.sig.generics.const_params().any(|param| param.ident == text)
        }
    }
}

/// A function has the arguments that `base` names, and a template that can follow it.
///
/// UI: `group/argument_of_the_base_missing`, `group/receiver_of_the_base_missing`,
/// `group/template_without_a_slash`.
pub(crate) fn follows_base(args: &Args, base: &LitStr, item: &Item, errors: &mut Errors) {
    let Some(target) = args.targets.first() else {
        return;
    };
    let text = target.template.value();
    if is_absolute(&text) {
        return;
    }
    if !text.is_empty() && !text.starts_with(['/', '?']) && !text.starts_with("{/") {
        errors.on(
            &target.template,
            format!("a template after the group's `base` begins with `/`: write `\"/{text}\"`"),
        );
    }
    let function = &item.sig.ident;
    for name in placeholders(base).into_iter().filter(|name| !names_value(item, name)) {
        let add = match name.starts_with("self.") {
            true => "&self".to_owned(),
            false => name.clone(),
        };
        errors.at(
            function.span(),
            format!(
                "the group's `base` names `{{{name}}}`: add `{add}` to the arguments of `{function}`, \
                 or give it a whole URL"
            ),
        );
    }
}

/// Whether a template ignores the group's base: it has a host, or begins with its own base.
pub(crate) fn is_absolute(template: &str) -> bool {
    let path = template.find(['/', '?']).unwrap_or(template.len());
    (template.starts_with('{') && !template.starts_with("{/")) || template[..path].ends_with(':')
}

/// The mistake in an attribute that hides a `#[request]` from the group.
///
/// UI: `group/request_in_cfg_attr`, `group/request_renamed`.
pub(crate) fn hidden_request(attr: &Attribute) -> Option<syn::Error> {
    let syn::Meta::List(list) = &attr.meta else {
        return None;
    };
    let message = if attr.path().is_ident("cfg_attr") {
        scan::has_ident(&list.tokens, "request").then(|| {
            "a group does not see a `#[request]` in `cfg_attr`: write `#[cfg(…)]` and \
             `#[request(…)]`"
                .to_owned()
        })
    } else {
        is_request_by_form(&list.tokens).then(|| {
            let name = attr.path().to_token_stream().to_string().replace(' ', "");
            format!(
                "`{name}` looks like `#[request]` under another name, which a group does not see: \
                 write `#[request(…)]`"
            )
        })
    };
    message.map(|message| syn::Error::new_spanned(attr.path(), message))
}

/// `get = "/path", …`.
fn is_request_by_form(tokens: &TokenStream) -> bool {
    let mut trees = tokens.clone().into_iter();
    let (key, sign, value) = (trees.next(), trees.next(), trees.next());
    let text = |tree: Option<TokenTree>| tree.map(|tree| tree.to_string());
    text(key).is_some_and(|key| METHODS.contains(&key.as_str()))
        && text(sign).as_deref() == Some("=")
        && text(value).is_some_and(|value| value.starts_with('"') || value.starts_with("r\""))
}

/// Keys that use `self` are for functions that have it.
///
/// UI: `group/self_in_a_module`.
fn some_receiver(args: &mut Args, functions: &[&Item], errors: &mut Errors) {
    if functions.is_empty() || functions.iter().any(|item| item.sig.receiver().is_some()) {
        return;
    }
    let word = expressions(args).find_map(|expr| receiver(expr.to_token_stream()));
    if let Some(span) = word {
        errors.at(
            span,
            "no function here takes `self`: write a value that all of them see, such as a `static`",
        );
        *args = Args { krate: args.krate.take(), ..Args::default() };
    }
}

/// Whether a function's own keys use `self`.
pub(crate) fn uses_self(args: &Args) -> bool {
    expressions(args).any(|expr| receiver(expr.to_token_stream()).is_some())
}

/// The first `self` that is a value, and not the beginning of a path.
pub(super) fn receiver(tokens: TokenStream) -> Option<Span> {
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let found = match tree {
            TokenTree::Group(group) => receiver(group.stream()),
            TokenTree::Ident(word) if word == "self" => {
                let is_path =
                    matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                (!is_path).then(|| word.span())
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

pub(super) fn expressions(args: &Args) -> impl Iterator<Item = &syn::Expr> {
    let all = [request_expressions(args), action_expressions(args), closing_expressions(args)];
    all.into_iter().flatten()
}

/// A function has the `self` that the group's keys use.
///
/// UI: `group/receiver_missing`.
pub(crate) fn has_receiver(args: &Args, item: &Item, errors: &mut Errors) {
    if item.sig.receiver().is_none() && uses_self(args) {
        let function = &item.sig.ident;
        errors.at(
            function.span(),
            format!(
                "the group's keys use `self`: add `&self` to the arguments of `{function}`, or give it \
                 keys of its own"
            ),
        );
    }
}

/// A group has a function with `#[request]`.
///
/// UI: `group/no_request`.
pub(crate) fn some_request(
    keyword: &Ident,
    functions: &[&Item],
    complete: bool,
    errors: &mut Errors,
) {
    if functions.is_empty() && complete {
        errors.at(
            keyword.span(),
            "no function here has `#[request]`: add one, or remove `#[requests]`",
        );
    }
}
