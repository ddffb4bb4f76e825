//! The rules for the handlers: `on_error`, `fallback`, `cleanup` and `finally`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, ExprAwait, ExprClosure, Lit, Pat, RangeLimits};

use super::{action_expressions, closing_expressions, handler_key, request_expressions};
use crate::action::is_place;
use crate::args::{self, Args, Arm, Keyed, without_groups};
use crate::errors::Errors;
use crate::item::Item;
use crate::model::{Call, Callee, OnError};
use crate::pattern::Pattern;
use crate::scan;
use crate::walk;

/// No expression leaves the function past its handlers.
///
/// UI: `arms/question_mark`, `arms/return`, `arms/fallback_leaves`, `arms/cleanup_leaves`,
/// `arms/request_leaves`.
pub(super) fn no_early_exit(args: &Args, errors: &mut Errors) {
    let Some(key) = handler_key(args) else {
        return;
    };
    let kinds = [
        (
            request_expressions(args),
            format!("would skip `{key}`: pass the value in as an argument"),
        ),
        (
            action_expressions(args),
            "would leave the function inside `on_error`: write `fail(…)` or \
             `recover(…)`"
                .to_owned(),
        ),
        (
            closing_expressions(args),
            "would leave the function early: handle the error here".to_owned(),
        ),
    ];
    for (expressions, message) in kinds {
        for (span, what) in expressions.iter().filter_map(|expr| walk::early_exit(expr)) {
            errors.at(span, format!("`{what}` {message}"));
        }
    }
}

/// Names that users expect the error to have.
const NAMES_OF_THE_ERROR: [&str; 3] = ["error", "err", "e"];

/// Only an arm that binds the error uses it by name.
///
/// UI: `arms/error_not_bound`, `arms/error_not_bound_in_a_guard`,
/// `arms/error_used_without_arms`, `arms/error_in_the_fallback`.
pub(super) fn named_error(args: &Args, bound: &[String], errors: &mut Errors) {
    let arms = match args.on_error.as_ref().map(|keyed| &keyed.value) {
        Some(args::OnError::Arms(arms)) => arms.as_slice(),
        _ => &[],
    };
    // `no_early_exit` reports an arm that returns the error.
    let stays = |arm: &&Arm| walk::early_exit(&arm.expr).is_none();
    for arm in arms.iter().filter(|arm| arm.pattern.binding.is_none()).filter(stays) {
        let names: Vec<String> =
            arm.pattern.payload_bindings().iter().map(ToString::to_string).collect();
        let free = free_names(&[bound, &names]);
        let guard = arm.guard.as_ref().map(ToTokens::to_token_stream);
        let guarded = guard.and_then(|guard| scan::first_use(&guard, &free));
        let form = if guarded.is_some() { "if …" } else { "=> …" };
        if let Some((name, span)) =
            guarded.or_else(|| scan::first_use(&arm.expr.to_token_stream(), &free))
        {
            let named = arm.pattern.with_binding(&name);
            errors.at(span, format!("this arm does not bind its error: write `{named} {form}`"));
        }
    }
    let free = free_names(&[bound]);
    let always = match args.on_error.as_ref().map(|keyed| &keyed.value) {
        Some(args::OnError::Always(_, expr)) => Some(expr),
        _ => None,
    };
    for expr in always.into_iter().chain(closing_expressions(args)) {
        if let Some((name, span)) = scan::first_use(&expr.to_token_stream(), &free) {
            let message =
                format!("the error is not available here: write `on_error({name} @ _ => …)`");
            errors.at(span, message);
        }
    }
}

fn free_names(bound: &[&[String]]) -> Vec<&'static str> {
    let is_bound =
        |name: &&&str| bound.iter().any(|names| names.iter().any(|other| other == **name));
    NAMES_OF_THE_ERROR.iter().filter(|name| !is_bound(name)).copied().collect()
}

/// The statuses in patterns are valid, and are errors for this request.
///
/// UI: `arms/status_that_is_a_success`, `arms/statuses_that_are_successes`, `arms/status_expected`,
/// `arms/status_impossible`.
pub(super) fn possible_statuses(args: &Args, errors: &mut Errors) {
    let arms = match args.on_error.as_ref().map(|keyed| &keyed.value) {
        Some(args::OnError::Arms(arms)) => arms.as_slice(),
        _ => &[],
    };
    let retried = args.retry.iter().flat_map(|keyed| &keyed.value.on).map(|on| &on.value);
    let success: Vec<(u64, u64)> = match &args.expect {
        Some(expect) => expect.value.iter().map(|range| (range.first, range.last)).collect(),
        None => vec![(200, 299)],
    };
    let patterns = arms.iter().map(|arm| &arm.pattern).chain(retried);
    for pat in patterns.flat_map(Pattern::statuses) {
        status(pat, &success, errors);
    }
}

fn status(pat: &Pat, success: &[(u64, u64)], errors: &mut Errors) {
    let (first, last) = match pat {
        Pat::Or(or) => return or.cases.iter().for_each(|pat| status(pat, success, errors)),
        Pat::Paren(paren) => return status(&paren.pat, success, errors),
        Pat::Ident(name) => {
            return name.subpat.iter().for_each(|(_, pat)| status(pat, success, errors));
        }
        pat => match range(pat) {
            Some(ends) => ends,
            None => return,
        },
    };
    let outside = |status: &u64| !(100..=999).contains(status);
    if let Some(status) = [first, last].into_iter().flatten().find(outside) {
        return errors
            .on(pat, format!("`{status}` is not a status: write a number from 100 to 999"));
    }
    if let (Some(first), Some(last)) = (first, last)
        && success.iter().any(|range| range.0 <= first && last <= range.1)
    {
        let what = match first == last {
            true => format!("`{first}` counts"),
            false => "these count".to_owned(),
        };
        errors.on(
            pat,
            format!(
                "{what} as success here, so this can never match: remove it, or change `expect`"
            ),
        );
    }
}

/// The ends of a number or a range. `None` for an end that is not a number.
pub(super) fn range(pat: &Pat) -> Option<(Option<u64>, Option<u64>)> {
    match pat {
        Pat::Lit(literal) => Some((number(&literal.lit), number(&literal.lit))),
        Pat::Range(range) => {
            let end = |expr: &Option<Box<Expr>>| match expr.as_deref() {
                Some(Expr::Lit(literal)) => number(&literal.lit),
                _ => None,
            };
            let last = end(&range.end).map(|last| match range.limits {
                RangeLimits::HalfOpen(_) => last.saturating_sub(1),
                RangeLimits::Closed(_) => last,
            });
            Some((end(&range.start), last))
        }
        _ => None,
    }
}

fn number(literal: &Lit) -> Option<u64> {
    match literal {
        Lit::Int(number) => number.base10_parse().ok(),
        _ => None,
    }
}

/// A function that returns nothing handles every error.
///
/// UI: `arms/error_matched_by_no_arm`, `function/no_return_type`.
pub(super) fn no_lost_error(args: &Args, item: &Item, errors: &mut Errors) {
    let caught = match args.on_error.as_ref().map(|keyed| &keyed.value) {
        Some(args::OnError::Always(..)) => true,
        Some(args::OnError::Arms(arms)) => has_catch_all(arms),
        None => false,
    };
    if item.output().is_some() || caught || args.fallback.is_some() {
        return;
    }
    match &args.on_error {
        Some(keyed) => errors.at(
            keyed.key.span(),
            "errors that no arm matches would be lost, as the function returns nothing: add \
             `_ => log`, or return a `Result`",
        ),
        None => errors.at(
            item.sig.ident.span(),
            "errors would be lost, as the function returns nothing: add `on_error = log`, or \
             return a `Result`",
        ),
    }
}

/// `fallback` can be reached.
///
/// UI: `arms/fallback_unreachable`.
pub(super) fn reachable_fallback(args: &Args, errors: &mut Errors) {
    let Some(fallback) = &args.fallback else {
        return;
    };
    if always_settles(args.on_error.as_ref()) {
        errors.at(
            fallback.key.span(),
            "`fallback` can never be reached, as `on_error` recovers or fails for every error: \
             remove it",
        );
    }
}

/// `cleanup` and `finally` are a function, a call, or a closure.
///
/// UI: `arms/cleanup_not_a_call`, `arms/finally_a_value`.
pub(super) fn call(keyed: &Keyed<Expr>, errors: &mut Errors) -> Option<Call> {
    let value = without_groups(&keyed.value);
    let (expr, awaited) = match value {
        Expr::Await(expr) => ((*expr.base).clone(), Some(awaited(expr))),
        // An `async` closure is awaited. Its body may also end in an `.await`.
        Expr::Closure(ExprClosure { asyncness: Some(_), .. }) => {
            (value.clone(), Some(quote!(.await)))
        }
        Expr::Closure(closure) => match &*closure.body {
            // The `.await` moves behind the call: the closure returns the future.
            Expr::Await(body) => {
                let awaited = awaited(body);
                let body = body.base.clone();
                (Expr::Closure(ExprClosure { body, ..closure.clone() }), Some(awaited))
            }
            _ => (value.clone(), None),
        },
        expr => (expr.clone(), None),
    };
    let callee = match expr {
        function if matches!(function, Expr::Path(_)) || is_place(&function) => {
            Callee::Function(function)
        }
        Expr::Closure(closure) => Callee::Closure(closure),
        expr @ (Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_)) => Callee::Verbatim(expr),
        // `no_early_exit` has reported it.
        Expr::Try(_) | Expr::Return(_) => return None,
        _ => {
            let closure = if keyed.key == "finally" { "|ending| …" } else { "|| …" };
            errors.on(
                value,
                format!(
                    "`{0}` takes a function or a call: write `{0} = path`, `{0} = path(…)`, or \
                     `{0} = {closure}`",
                    keyed.key
                ),
            );
            return None;
        }
    };
    Some(Call { callee, awaited })
}

/// The `.await` with the user's spans: rustc reports a value that cannot be awaited there.
fn awaited(expr: &ExprAwait) -> TokenStream {
    let ExprAwait { dot_token, await_token, .. } = expr;
    quote!(#dot_token #await_token)
}

/// Whether no error propagates past `on_error`.
pub(super) fn always_settles(on_error: Option<&Keyed<args::OnError>>) -> bool {
    match on_error.map(|keyed| &keyed.value) {
        None => false,
        Some(args::OnError::Always(action, _)) => !action.flow().propagates,
        Some(args::OnError::Arms(arms)) => {
            has_catch_all(arms) && !arms.iter().any(|arm| arm.action.flow().propagates)
        }
    }
}

pub(super) fn on_error(on_error: Option<Keyed<args::OnError>>, after_key: Option<Span>) -> OnError {
    let Some(Keyed { key, value }) = on_error else {
        return OnError::Nothing;
    };
    let after_key = after_key.unwrap_or_else(|| key.span());
    match value {
        args::OnError::Always(action, _) => OnError::Always(action, after_key),
        args::OnError::Arms(arms) => {
            OnError::Arms { after_key, needs_wildcard: !has_catch_all(&arms), arms }
        }
    }
}

fn has_catch_all(arms: &[Arm]) -> bool {
    arms.iter().any(|arm| arm.guard.is_none() && arm.pattern.matches_all())
}
