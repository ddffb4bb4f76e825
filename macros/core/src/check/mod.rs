//! The arguments and the item → a request that can be expanded, or all mistakes.
//!
//! Apart from syntax errors, only this module rejects anything. Each rule is a function.

mod function;
pub(crate) mod group;
mod handlers;
pub(crate) mod retry;
mod sent;
mod shape;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, Path};

use crate::args::{Args, HeaderName, Measure, OnError, Timeouts};
use crate::errors::Errors;
use crate::item::Item;
use crate::model::Request;
use crate::template::{self, Problem, Template};

/// The result of parsing a template.
type Parsed = Result<Template, Vec<Problem>>;

/// `errors` has the syntax errors. If there are any, or `args` is not `complete`, nothing is reported
/// as missing: it may be what could not be read.
pub(crate) fn check(
    mut args: Args,
    item: &Item,
    mut errors: Errors,
    complete: bool,
) -> Result<Request, Errors> {
    let complete = complete && errors.is_empty() && args.missing.is_empty();
    let found = &mut errors;
    let output = item.output().map(ToTokens::to_token_stream);
    let templates: Vec<Parsed> =
        args.targets.iter().map(|target| template::parse(&target.template.value())).collect();

    let names: Vec<String> =
        item.bindings().iter().map(|(name, _)| name.unraw().to_string()).collect();

    function::is_async(item, found);
    function::one_request(item, found);
    function::response_arguments(item, found);
    function::named_return_type(&args, item, output.as_ref(), found);
    function::owned_return_type(item, output.as_ref(), found);
    function::value_of_body(item, found);
    function::decoded_parameters(item, found);
    function::forgotten_response(&args, &templates, item, found);
    let options = function::options(item, found);
    sent::one_body(&args, found);
    sent::body_of_get(&args, found);
    sent::one_authorization(&args, found);
    sent::header_names(&args, &names, found);
    sent::limits_above_zero(&args, found);
    sent::statuses(&args, found);
    sent::attempt_within_total(&args, found);
    retry::check(&args, complete, found);
    sent::foreign_placeholders(&args, item, found);
    handlers::no_early_exit(&args, found);
    handlers::named_error(&args, &names, found);
    handlers::possible_statuses(&args, found);
    if complete {
        function::receiver(&args, item, found);
        function::used_arguments(&args, &templates, item, found);
        handlers::no_lost_error(&args, item, found);
        handlers::reachable_fallback(&args, found);
    }

    let krate = crate_path(&args, found);
    let cleanup = args.cleanup.as_ref().and_then(|call| handlers::call(call, found));
    let finally = args.finally.as_ref().and_then(|call| handlers::call(call, found));
    let target = sent::one_target(&args, complete, found);
    let placeholders = target
        .zip(templates.into_iter().next())
        .map(|(target, parsed)| sent::placeholders(target, parsed, &args.positional, item, found));
    let method = target.and_then(|target| sent::method(target, found));

    let (Some(target), Some(placeholders), Some(method), true) =
        (target, placeholders, method, errors.is_empty())
    else {
        // The stub has none of this function's values.
        args.missing.into_iter().for_each(|error| errors.push(error));
        return Err(errors);
    };
    let template = target.template.clone();
    let shape = shape::shape(&mut args, item, cleanup, finally);
    let auth = sent::auth(args.bearer, args.basic);
    let timeouts = args.timeout.map(|keyed| keyed.value).unwrap_or_default();
    Ok(Request {
        krate,
        method,
        template,
        placeholders,
        session: args.session.map(|keyed| keyed.value),
        query: args.query.map(|keyed| keyed.value),
        header_map: args.header_map.map(|keyed| keyed.value),
        headers: args.headers.map(|keyed| keyed.value).unwrap_or_default(),
        auth,
        content: sent::content(args.bodies, args.optional_body.is_some()),
        expect: args.expect.map(|keyed| sent::expected(&keyed.value)),
        timeout: timeouts.total,
        attempt_timeout: timeouts.attempt,
        idle_timeout: timeouts.idle,
        max_body: args.max_body.map(|keyed| keyed.value),
        error_body: args.error_body.map(|keyed| keyed.value),
        any_content_type: args.any_content_type,
        max_redirects: args.max_redirects.map(|keyed| keyed.value),
        deadline: args.deadline.map(|keyed| keyed.value),
        options,
        retry: args.retry.and_then(|keyed| retry::policy(keyed.value)),
        output,
        shape,
    })
}

/// The path of `crate` means the same in every module.
///
/// UI: `keys/crate_relative`, `keys/crate_of_two_words`.
fn crate_path(args: &Args, errors: &mut Errors) -> Path {
    let Some(keyed) = &args.krate else {
        return syn::parse_quote!(::backstop);
    };
    let path = &keyed.value;
    // `$crate` of a `macro_rules!` is one identifier.
    let from_root = |first: &syn::PathSegment| first.ident == "crate" || first.ident == "$crate";
    if path.leading_colon.is_some() || path.segments.first().is_some_and(from_root) {
        return path.clone();
    }
    if path.get_ident().is_none_or(|ident| ident == "self" || ident == "super") {
        let text = path.to_token_stream().to_string().replace(' ', "");
        errors.on(
            path,
            format!(
                "`{text}` depends on the module it is written in: write `::name` or `crate::name`"
            ),
        );
    }
    Path { leading_colon: Some(Default::default()), ..path.clone() }
}

/// The first key of a handler.
fn handler_key(args: &Args) -> Option<&proc_macro2::Ident> {
    let on_error = args.on_error.as_ref().map(|keyed| &keyed.key);
    let others = [&args.fallback, &args.cleanup, &args.finally];
    on_error.or_else(|| others.into_iter().flatten().map(|keyed| &keyed.key).next())
}

/// The expressions that build the request.
fn request_expressions(args: &Args) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = Vec::new();
    let single = [
        &args.session,
        &args.query,
        &args.header_map,
        &args.bearer,
        &args.max_redirects,
        &args.deadline,
    ];
    found.extend(single.into_iter().flatten().map(|keyed| &keyed.value));
    found.extend(args.bodies.iter().map(|keyed| &keyed.value));
    if let Some(headers) = &args.headers {
        for (name, value) in &headers.value {
            if let HeaderName::Path(name) = name {
                found.push(name);
            }
            found.push(value);
        }
    }
    if let Some(basic) = &args.basic {
        found.extend([&basic.value.0, &basic.value.1]);
    }
    let sizes = [&args.max_body, &args.error_body];
    found.extend(sizes.into_iter().flatten().filter_map(|size| size.value.expr()));
    if let Some(Timeouts { total, attempt, idle }) = args.timeout.as_ref().map(|keyed| &keyed.value)
    {
        found.extend([total, attempt, idle].into_iter().flatten().filter_map(Measure::expr));
    }
    if let Some(retry) = args.retry.as_ref().map(|keyed| &keyed.value) {
        found.extend(&retry.times);
        found.extend(retry.on_retry.iter().map(|keyed| &keyed.value));
        found.extend(retry.backoff.iter().flat_map(|keyed| keyed.value.exprs()));
    }
    found
}

/// The actions and guards of `on_error`.
fn action_expressions(args: &Args) -> Vec<&Expr> {
    match args.on_error.as_ref().map(|keyed| &keyed.value) {
        None => Vec::new(),
        Some(OnError::Always(_, expr)) => vec![expr],
        Some(OnError::Arms(arms)) => {
            arms.iter().flat_map(|arm| arm.guard.iter().chain([&arm.expr])).collect()
        }
    }
}

/// `fallback`, `cleanup` and `finally`.
fn closing_expressions(args: &Args) -> Vec<&Expr> {
    [&args.fallback, &args.cleanup, &args.finally]
        .into_iter()
        .flatten()
        .map(|keyed| &keyed.value)
        .collect()
}
