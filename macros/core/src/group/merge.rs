//! A function's keys and its group's → the keys of the function, as if it had them all itself.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Expr, ExprLit, Lit, LitStr, Token};

use super::cover;
use crate::args::{
    Args, Arm, HeaderName, Keyed, Measure, OnError, Retry, Shared, Target, Timeouts,
};
use crate::check::{group, retry};
use crate::pattern::{Kind, Pattern};

/// The keys of a function in a group. Its own have precedence.
pub(super) fn function(mut own: Args, shared: &Shared) -> Args {
    if let Some(base) = &shared.base {
        own.targets = own.targets.into_iter().map(|target| based(target, &base.value)).collect();
    }
    let from = &shared.args;
    authorization(&mut own, from);
    headers(&mut own, from);
    on_error(&mut own, from);
    keyed(&mut own.header_map, &from.header_map);
    let keeps = own.retry.as_ref().is_some_and(|keyed| is_never(&keyed.value));
    if keeps && from.retry.is_some() {
        own.retry = None;
    } else if own.retry.is_none() {
        own.retry.clone_from(&from.retry);
        retry::fit(&mut own);
    }
    timeouts(&mut own, from);
    keyed(&mut own.session, &from.session);
    keyed(&mut own.query, &from.query);
    keyed(&mut own.expect, &from.expect);
    keyed(&mut own.max_body, &from.max_body);
    keyed(&mut own.error_body, &from.error_body);
    keyed(&mut own.any_content_type, &from.any_content_type);
    keyed(&mut own.max_redirects, &from.max_redirects);
    keyed(&mut own.deadline, &from.deadline);
    keyed(&mut own.cleanup, &from.cleanup);
    keyed(&mut own.finally, &from.finally);
    keyed(&mut own.krate, &from.krate);
    own.missing.extend(from.missing.iter().cloned());
    own
}

/// The keys of a group in another group.
pub(super) fn group(own: Shared, outer: &Shared) -> Shared {
    let base = match (own.base, &outer.base) {
        (Some(own), Some(outer)) => Some(Keyed { value: joined(&outer.value, &own.value), ..own }),
        (own, outer) => own.or_else(|| outer.clone()),
    };
    Shared { base, not_send: own.not_send.or(outer.not_send), args: function(own.args, outer) }
}

fn keyed<T: Clone>(own: &mut Option<T>, shared: &Option<T>) {
    if own.is_none() {
        own.clone_from(shared);
    }
}

// Input:  "/issues/{number}", after base = "/repos/{owner}"
// Output: "/repos/{owner}/issues/{number}"
fn based(target: Target, base: &LitStr) -> Target {
    let template = joined(base, &target.template);
    let has_base = template.value() != target.template.value();
    Target { template, has_base, ..target }
}

fn joined(base: &LitStr, template: &LitStr) -> LitStr {
    let text = template.value();
    match group::is_absolute(&text) {
        true => template.clone(),
        false => LitStr::new(&format!("{}{text}", base.value()), template.span()),
    }
}

/// `bearer`, `basic` and the header `authorization` exclude each other.
fn authorization(own: &mut Args, shared: &Args) {
    if own.bearer.is_none() && own.basic.is_none() && !has_header(own, "authorization") {
        own.bearer.clone_from(&shared.bearer);
        own.basic.clone_from(&shared.basic);
    }
}

fn has_header(args: &Args, name: &str) -> bool {
    args.headers.iter().flat_map(|keyed| &keyed.value).any(|(other, _)| name_of(other) == name)
}

/// The function's headers, and those of the group's that have other names.
fn headers(own: &mut Args, shared: &Args) {
    let Some(headers) = &shared.headers else {
        return;
    };
    let authorized = own.bearer.is_some() || own.basic.is_some();
    let missing = headers.value.iter().filter(|(name, _)| {
        let name = name_of(name);
        let is_own = has_header(own, &name) || (authorized && name == "authorization");
        !is_own
    });
    let missing: Vec<_> = missing.cloned().collect();
    match &mut own.headers {
        Some(own) => own.value.extend(missing),
        None => own.headers = Some(Keyed { key: headers.key.clone(), value: missing }),
    }
}

/// The name in lower case. A constant is assumed to be named after its header, as in `http::header`.
fn name_of(name: &HeaderName) -> String {
    let last = |path: &Expr| match path {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    };
    match name {
        HeaderName::Text(text) => text.value().to_ascii_lowercase(),
        HeaderName::Path(path) => last(path)
            .unwrap_or_else(|| path.to_token_stream().to_string())
            .to_ascii_lowercase()
            .replace('_', "-"),
    }
}

/// Each part, except an attempt's time that is longer than the function's total.
fn timeouts(own: &mut Args, shared: &Args) {
    let Some(from) = &shared.timeout else {
        return;
    };
    let Some(Keyed { value: own, .. }) = &mut own.timeout else {
        own.timeout.clone_from(&shared.timeout);
        return;
    };
    let Timeouts { total, attempt, idle } = &from.value;
    let longer = match (&own.total, attempt) {
        (Some(Measure::Literal(total, _)), Some(Measure::Literal(attempt, _))) => attempt > total,
        _ => false,
    };
    if !longer {
        keyed(&mut own.attempt, attempt);
    }
    keyed(&mut own.total, total);
    keyed(&mut own.idle, idle);
}

/// `retry = 0`, which disables the group's retries for a function.
fn is_never(retry: &Retry) -> bool {
    let times = retry.times.as_ref();
    times.is_some_and(|times| match times {
        Expr::Lit(ExprLit { lit: Lit::Int(times), .. }) => times.base10_digits() == "0",
        _ => false,
    })
}

/// The function's arms, and those of the group's that can be reached after them.
fn on_error(own: &mut Args, shared: &Args) {
    let Some(from) = &shared.on_error else {
        return;
    };
    let own_arms: &[Arm] = match own.on_error.as_ref().map(|keyed| &keyed.value) {
        Some(OnError::Always(..)) => return,
        Some(OnError::Arms(arms)) => arms,
        None if matches!(from.value, OnError::Always(..)) => {
            own.on_error = Some(from.clone());
            own.on_error_after_key = shared.on_error_after_key;
            return;
        }
        None => &[],
    };
    let shared_arms = match &from.value {
        OnError::Arms(arms) => arms.clone(),
        OnError::Always(action, expr) => vec![Arm {
            pattern: any(from.key.span()),
            guard: None,
            action: action.clone(),
            expr: expr.clone(),
        }],
    };
    let expect = own.expect.as_ref().or(shared.expect.as_ref());
    let success = expect.map(|keyed| keyed.value.as_slice()).unwrap_or_default();
    let reachable = cover::reachable(own_arms, &shared_arms, success);
    match own.on_error.as_mut().map(|keyed| &mut keyed.value) {
        Some(OnError::Arms(arms)) => arms.extend(reachable),
        _ if reachable.is_empty() => {}
        _ => {
            own.on_error = Some(Keyed { key: from.key.clone(), value: OnError::Arms(reachable) });
            own.on_error_after_key = shared.on_error_after_key;
        }
    }
}

/// `_`.
fn any(span: Span) -> Pattern {
    Pattern { binding: None, kind: Kind::Any(Token![_](span)), span }
}
