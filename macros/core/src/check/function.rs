//! The rules for the function.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, GenericArgument, Pat, PatType, PathArguments, Safety, Type, TypeParamBound};

use super::{
    Parsed, action_expressions, closing_expressions, group, handler_key, request_expressions,
};
use crate::args::Args;
use crate::errors::Errors;
use crate::item::{Item, bindings_of};
use crate::model::Options;
use crate::{habits, scan, template};

/// The runtime reads tuples of up to this many values.
const MAX_RESPONSES: usize = 5;

/// A request is an `async fn` without other qualifiers.
///
/// UI: `function/not_async`, `function/const`, `function/unsafe`, `function/extern`,
/// `function/variadic`, `function/rewritten`, `function/rewritten_main`.
pub(super) fn is_async(item: &Item, errors: &mut Errors) {
    let sig = &item.sig;
    if let Some(token) = &sig.constness {
        errors.on(token, "a request cannot be sent in a `const fn`: remove `const`");
    } else if item.is_rewritten() {
        errors.on(
            &sig.fn_token,
            "an attribute above rewrote this function, which is no longer an `async fn`: write \
             `#[request]` above that attribute",
        );
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

/// The attribute's expressions use `self` only in a method.
///
/// UI: `function/self_without_receiver`.
pub(super) fn receiver(args: &Args, item: &Item, errors: &mut Errors) {
    if item.sig.receiver().is_some() {
        return;
    }
    let word = group::expressions(args).find_map(|expr| group::receiver(expr.to_token_stream()));
    if let Some(span) = word {
        errors.at(span, "`self` needs a method: write `&self` as the first argument");
    }
}

/// A body is not empty where a value is returned.
///
/// UI: `function/empty_body`, `function/empty_body_handled`, `function/empty_body_of_an_option`,
/// `response/empty_body`.
pub(super) fn value_of_body(item: &Item, errors: &mut Errors) {
    let (Some(body), Some(output)) = (&item.body, item.output()) else {
        return;
    };
    // A type without parameters may be an alias of `()`. rustc reports it if it is not.
    let Some((wrapper, inside)) = wrapped(output).filter(|_| body.tokens.is_empty()) else {
        return;
    };
    let constructor = match wrapper.to_string().as_str() {
        "Option" => Some("Some"),
        name if name.ends_with("Result") => Some("Ok"),
        _ => None,
    };
    let value = match item.responses.as_slice() {
        [response] => match response.bindings().as_slice() {
            [name] => name.to_string(),
            _ => "…".to_owned(),
        },
        _ => match inside {
            Type::Tuple(tuple) if tuple.elems.is_empty() => "()".to_owned(),
            _ => "…".to_owned(),
        },
    };
    let value = match constructor {
        Some(constructor) => format!("`{{ {constructor}({value}) }}`"),
        None => "the value".to_owned(),
    };
    let message = match item.responses.is_empty() {
        true => format!("write `;` in its place to decode the response, or {value}"),
        false => format!("write {value}"),
    };
    errors.at(body.span, format!("an empty body returns no value: {message}"));
}

/// `Result` and `User`, of `Result<User, Error>`.
fn wrapped(ty: &Type) -> Option<(&Ident, &Type)> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let inside = arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })?;
    Some((&last.ident, inside))
}

/// Traits of the standard library. A type with only these bounds cannot be decoded.
const STANDARD: [&str; 14] = [
    "Sized",
    "Send",
    "Sync",
    "Unpin",
    "Clone",
    "Copy",
    "Debug",
    "Display",
    "Default",
    "PartialEq",
    "Eq",
    "PartialOrd",
    "Ord",
    "Hash",
];

/// A type parameter that is decoded has a bound that allows it.
///
/// UI: `function/type_parameter`, `function/type_parameter_bounded`, `response/type_parameter`.
pub(super) fn decoded_parameters(item: &Item, errors: &mut Errors) {
    let output = item.output().filter(|_| item.body.is_none());
    let arguments = item.responses.iter().map(|response| &response.ty).filter(|ty| is_json(ty));
    let mut used = HashSet::new();
    for (_, decoded) in output.into_iter().chain(arguments).filter_map(wrapped) {
        decoded_names(decoded, &mut used);
    }
    let clauses = item.sig.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let clauses: Vec<(TokenStream, Vec<&TypeParamBound>)> = clauses
        .filter_map(|clause| match clause {
            syn::WherePredicate::Type(of) => {
                Some((of.bounded_ty.to_token_stream(), of.bounds.iter().collect()))
            }
            _ => None,
        })
        .collect();
    for parameter in item.sig.generics.type_params() {
        let name = parameter.ident.to_string();
        let mut bounds: Vec<&TypeParamBound> = parameter.bounds.iter().collect();
        let mut named = HashSet::new();
        for (of, others) in &clauses {
            match of.to_string() == name {
                true => bounds.extend(others),
                // A bound on a type that contains it may be enough.
                false => scan::idents(of.clone(), &mut named),
            }
        }
        if !used.contains(&name) || named.contains(&name) || !bounds.iter().all(is_standard) {
            continue;
        }
        let written = &parameter.bounds;
        let before = match written.is_empty() {
            true => String::new(),
            false => format!("{} + ", written.to_token_stream()),
        };
        errors.at(
            parameter.ident.span(),
            format!(
                "`{name}` is read from the response: write `{name}: {before}serde::de::DeserializeOwned`"
            ),
        );
    }
}

/// Types that are decoded if what is in them is.
const CONTAINERS: [&str; 12] = [
    "Arc", "BTreeMap", "BTreeSet", "Box", "Cow", "HashMap", "HashSet", "Json", "Option", "Rc",
    "Vec", "VecDeque",
];

/// The names of the types that a type is decoded as. A type that is not known may read itself, whatever its
/// parameters are.
fn decoded_names(ty: &Type, found: &mut HashSet<String>) {
    match ty {
        Type::Path(path) => {
            let Some(last) = path.path.segments.last() else { return };
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                found.insert(last.ident.unraw().to_string());
                return;
            };
            if CONTAINERS.iter().any(|name| last.ident == name) {
                for argument in &arguments.args {
                    if let GenericArgument::Type(ty) = argument {
                        decoded_names(ty, found);
                    }
                }
            }
        }
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| decoded_names(ty, found)),
        Type::Array(array) => decoded_names(&array.elem, found),
        Type::Paren(paren) => decoded_names(&paren.elem, found),
        Type::Group(group) => decoded_names(&group.elem, found),
        _ => {}
    }
}

fn is_standard(bound: &&TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Lifetime(_) => true,
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| STANDARD.iter().any(|name| last.ident == name)),
        _ => false,
    }
}

/// An argument of the type `Json<T>` has `#[response]`, unless it is used in the attribute.
///
/// UI: `response/forgotten`, `response/forgotten_on_a_plain_name`, `response/forgotten_without_a_body`.
pub(super) fn forgotten_response(
    args: &Args,
    templates: &[Parsed],
    item: &Item,
    errors: &mut Errors,
) {
    if !item.responses.is_empty() {
        return;
    }
    let used = used_names(args, templates);
    for argument in &item.sig.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        if !is_json(&argument.ty) {
            continue;
        }
        let names = bindings_of(&argument.pat);
        if names.iter().any(|name| used.contains(&name.unraw().to_string())) {
            continue;
        }
        let (pat, ty) = (argument.pat.to_token_stream(), argument.ty.to_token_stream());
        let text = |tokens: TokenStream| {
            tokens.to_string().replace(" < ", "<").replace(" >", ">").replace(" (", "(")
        };
        let message = match item.body {
            Some(_) => {
                format!(
                    "`Json` is read from a response: write `#[response] {}: {}`",
                    text(pat),
                    text(ty)
                )
            }
            None => {
                "`Json` is read from a response, which a function without a body decodes as its \
                     return type: remove this argument"
                    .to_owned()
            }
        };
        errors.on(&first_token(&argument.pat), message);
    }
}

/// The argument of the type `CallOptions`, which is applied without being named: there is at most one, and it
/// has a name.
///
/// UI: `function/options_twice`, `function/options_without_a_name`, `response/options`.
pub(super) fn options(item: &Item, errors: &mut Errors) -> Option<Options> {
    for response in item.responses.iter().filter(|response| is_options(&response.ty)) {
        errors.on(
            &response.attr,
            "`CallOptions` comes from the caller, and not from the response: remove `#[response]`",
        );
    }
    let mut found = None;
    for argument in &item.sig.inputs {
        let FnArg::Typed(argument) = argument else { continue };
        if !is_options(&argument.ty) {
            continue;
        }
        let Pat::Ident(pat) = &*argument.pat else {
            errors.on(
                &first_token(&argument.pat),
                "`CallOptions` is applied by its argument's name: write `options: CallOptions`",
            );
            continue;
        };
        match &found {
            Some(Options { name, .. }) => errors.at(
                pat.ident.span(),
                format!("a call has its options once, and `{name}` has them: remove this argument"),
            ),
            None => {
                let is_reference = is_reference(&argument.ty);
                found = Some(Options { name: pat.ident.clone(), is_reference });
            }
        }
    }
    found
}

/// `CallOptions`, a reference to it, or an `Option` of either.
fn is_options(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_options(&reference.elem),
        Type::Group(group) => is_options(&group.elem),
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|last| last.ident == "CallOptions")
                || wrapped(ty).is_some_and(|(name, inside)| name == "Option" && is_options(inside))
        }
        _ => false,
    }
}

/// Whether it is passed on unchanged: a reference, or an `Option` of one.
fn is_reference(ty: &Type) -> bool {
    match ty {
        // `&Option<CallOptions>` is one of an `Option`.
        Type::Reference(_) => true,
        Type::Group(group) => is_reference(&group.elem),
        _ => wrapped(ty).is_some_and(|(_, inside)| is_reference(inside)),
    }
}

fn is_json(ty: &Type) -> bool {
    wrapped(ty).is_some_and(|(name, _)| name == "Json")
}

/// All names in the attribute's expressions and placeholders.
fn used_names(args: &Args, templates: &[Parsed]) -> HashSet<String> {
    let mut used = HashSet::new();
    for template in templates.iter().flatten() {
        used.extend(template.placeholders.iter().map(|placeholder| placeholder.text.clone()));
    }
    let expressions = [request_expressions, action_expressions, closing_expressions];
    for expr in expressions.into_iter().flat_map(|of| of(args)) {
        scan::idents(expr.to_token_stream(), &mut used);
    }
    used
}

/// A function has one `#[request]`.
///
/// UI: `function/two_requests`.
pub(super) fn one_request(item: &Item, errors: &mut Errors) {
    for attr in &item.requests {
        errors.on(attr, "a function has one `#[request]`: remove this one");
    }
}

/// `#[response]` is on an argument of a function with a body, and has no arguments.
///
/// UI: `response/on_self`, `response/with_arguments`, `response/without_a_body`,
/// `response/too_many`, `response/misspelt`, `response/foreign`, `response/cfg`, `response/cfg_attr`.
pub(super) fn response_arguments(item: &Item, errors: &mut Errors) {
    if let Some(attr) = &item.response_self {
        errors.on(attr, "`self` comes from the caller: put `#[response]` on an argument");
    }
    for word in &item.misspelt {
        errors.at(word.span(), format!("unknown attribute `{word}`; did you mean `response`?"));
    }
    for word in &item.foreign {
        if let Some(advice) = habits::argument_attribute(&word.to_string()) {
            errors.at(word.span(), format!("an argument has no attribute `{word}`: {advice}"));
        }
    }
    if let Some(response) = item.responses.get(MAX_RESPONSES) {
        let message =
            format!("a function takes at most {MAX_RESPONSES} of these: take a `Response`");
        errors.on(&response.attr, message);
    }
    for attr in item.responses.iter().flat_map(|response| &response.attrs) {
        if attr.path().is_ident("cfg") {
            errors.on(
                attr,
                "a `#[response]` argument cannot be conditional: put `#[cfg]` \
                 on the function",
            );
        }
    }
    for response in &item.responses {
        if response.attr.path().is_ident("cfg_attr") {
            errors.on(&response.attr, "`#[response]` cannot be conditional: write `#[response]`");
        } else if response.has_arguments() {
            errors.on(
                &response.attr.meta,
                "`#[response]` takes no arguments, as the type says how to read it: write `#[response]`",
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

/// The return type is not `impl Trait` where generated code has to name it.
///
/// UI: `function/impl_trait_bodyless`, `function/impl_trait_handled`, `function/impl_trait_empty`.
pub(super) fn named_return_type(
    args: &Args,
    item: &Item,
    output: Option<&TokenStream>,
    errors: &mut Errors,
) {
    let Some(span) = output.and_then(scan::first_impl_trait) else {
        return;
    };
    if item.body.is_none() {
        errors.at(span, "a function without a body decodes its return type: name the type");
    } else if let Some(key) = handler_key(args) {
        errors.at(span, format!("`{key}` needs to know the return type: name the type"));
    } else if item.body.as_ref().is_some_and(|body| body.tokens.is_empty())
        && item.output().and_then(wrapped).is_none()
    {
        errors.at(span, "an empty body does not tell what a failure becomes: name the type");
    }
}

/// A decoded return type is owned.
///
/// UI: `function/borrowed_output`.
pub(super) fn owned_return_type(item: &Item, output: Option<&TokenStream>, errors: &mut Errors) {
    if item.body.is_none()
        && let Some(span) = output.and_then(scan::first_reference)
    {
        errors.at(
            span,
            "a decoded value cannot borrow from the response: write an owned type, such as `String`",
        );
    }
}

/// Without a body, the attribute uses every argument.
///
/// UI: `template/unused_argument`.
pub(super) fn used_arguments(args: &Args, templates: &[Parsed], item: &Item, errors: &mut Errors) {
    if item.body.is_some() || templates.is_empty() {
        return;
    }
    // An argument under `#[cfg]` may be used under the same condition.
    let sometimes =
        |argument: &PatType| argument.attrs.iter().any(|attr| attr.path().is_ident("cfg"));
    // `forgotten_response` reports these.
    let is_response = |ty: &Type| item.responses.is_empty() && is_json(ty);
    let bindings: Vec<(Span, String, bool)> = item
        .bindings()
        .into_iter()
        .filter(|(_, argument)| !is_response(&argument.ty) && !is_options(&argument.ty))
        .map(|(name, argument)| (name.span(), name.unraw().to_string(), sometimes(argument)))
        .collect();
    let mut used = HashSet::new();
    for template in templates {
        // A template that cannot be parsed may use any argument.
        let Ok(template) = template else {
            return;
        };
        let names = template.placeholders.iter().map(|placeholder| &placeholder.text);
        let is_argument = |name: &&String| {
            !name.starts_with("self.")
                && (!template::is_constant(name)
                    || bindings.iter().any(|(_, text, _)| text == *name))
                && !item.sig.generics.const_params().any(|param| param.ident == **name)
        };
        for name in names.filter(is_argument) {
            // An unknown name may be a misspelling of any argument.
            if !bindings.iter().any(|(_, binding, _)| binding == name) {
                return;
            }
            used.insert(name.clone());
        }
    }
    let expressions = [request_expressions, action_expressions, closing_expressions];
    for expr in expressions.into_iter().flat_map(|of| of(args)) {
        scan::idents(expr.to_token_stream(), &mut used);
    }
    let meant = |text: &str| {
        args.targets.iter().any(|target| {
            let template = target.template.value();
            template::foreign_placeholders(&template).iter().any(|(_, name)| *name == text)
        })
    };
    // A similar word is a misspelt use, which rustc reports.
    let misspelt = |text: &str| {
        let names = |word: &str| bindings.iter().any(|(_, name, _)| name == word);
        used.iter().any(|word| !names(word) && habits::may_mean(word, text))
    };
    for (span, text, sometimes) in &bindings {
        if *sometimes || meant(text) || misspelt(text) {
            continue;
        }
        if !text.starts_with('_') && !used.contains(text) {
            errors.at(
                *span,
                format!(
                    "`{text}` is never used: put `{{{text}}}` in the template, use it in `query`, \
                     `header` or `json`, or name it `_{text}`"
                ),
            );
        }
    }
}

fn first_token(tokens: &impl ToTokens) -> Option<TokenTree> {
    tokens.to_token_stream().into_iter().next()
}
