//! The rules for `retry`.

use proc_macro2::Span;
use syn::{Expr, ExprLit, Lit};

use crate::args::{Args, Backoff, HeaderName, Keyed, Measure, Retry};
use crate::errors::Errors;
use crate::model;
use crate::pattern::Alternative;

/// The idempotent methods (RFC 9110, section 9.2.2). Methods are case-sensitive: `get` is another
/// method than `GET`.
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

/// The classes and leaves that only occur after the request was sent, or may have been sent: for them
/// `Error::sent` is never `No`.
const AFTER_SENDING: [(&str, Option<&str>); 6] = [
    ("Body", None),
    ("Redirect", None),
    ("Timeout", Some("Idle")),
    ("Disconnected", Some("Closed")),
    ("Disconnected", Some("Reset")),
    ("Disconnected", Some("Runtime")),
];

/// The classes and leaves that are never retried.
const NEVER: [(&str, Option<&str>); 3] =
    [("Build", None), ("Decode", None), ("Timeout", Some("Total"))];

pub(super) fn check(args: &Args, complete: bool, errors: &mut Errors) {
    let Some(keyed) = &args.retry else {
        return;
    };
    let retry = &keyed.value;
    some_times(retry, keyed.key.span(), complete, errors);
    body_is_kept(args, keyed.key.span(), errors);
    backoff_grows(retry, errors);
    names_nothing(retry, errors);
    let alternatives = retry.on.iter().flat_map(|on| on.value.alternatives()).collect::<Vec<_>>();
    for alternative in &alternatives {
        worth_repeating(alternative, errors);
    }
    if let Some(method) = method(args) {
        key_is_needed(args, retry, &method, errors);
        for alternative in &alternatives {
            safe_to_repeat(args, retry, &method, alternative, errors);
        }
    }
}

/// The number of retries is given, and is not zero.
///
/// UI: `policies/retry_zero`, `policies/retry_without_times`.
fn some_times(retry: &Retry, key: Span, complete: bool, errors: &mut Errors) {
    match &retry.times {
        None if retry.is_list && complete => {
            errors.at(key, "`retry` needs a number of retries: write `retry(times = 3, …)`");
        }
        Some(Expr::Lit(ExprLit { lit: Lit::Int(times), .. })) if times.base10_digits() == "0" => {
            errors.at(times.span(), "`0` means no retry: leave `retry` out");
        }
        _ => {}
    }
}

/// The body can be sent again.
///
/// UI: `policies/retry_multipart`, `policies/retry_stream`.
fn body_is_kept(args: &Args, key: Span, errors: &mut Errors) {
    for body in &args.bodies {
        if body.key == "multipart" {
            errors.at(key, "a multipart body can only be sent once: leave `retry` out");
        } else if body.key == "body" && is_stream(&body.value) {
            errors.at(key, "a stream can only be sent once: leave `retry` out, or send the bytes");
        }
    }
}

/// `Body::from_stream(…)`.
fn is_stream(value: &Expr) -> bool {
    match value {
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                path.path.segments.last().is_some_and(|last| last.ident == "from_stream")
            }
            _ => false,
        },
        Expr::Group(group) => is_stream(&group.expr),
        Expr::Paren(paren) => is_stream(&paren.expr),
        _ => false,
    }
}

/// The first wait of the backoff is not longer than the longest.
///
/// UI: `policies/retry_backoff_reversed`.
fn backoff_grows(retry: &Retry, errors: &mut Errors) {
    if let Some(Backoff::Range(Measure::Literal(first, _), Measure::Literal(longest, span))) =
        retry.backoff.as_ref().map(|keyed| &keyed.value)
        && first > longest
    {
        errors.at(
            *span,
            "the longest wait is shorter than the first: write the shorter one first, as in \
             `100ms..10s`",
        );
    }
}

/// Patterns in `on` bind no names: nothing follows that could use them.
///
/// UI: `policies/retry_binds_the_status`, `policies/retry_binds_the_leaf`.
fn names_nothing(retry: &Retry, errors: &mut Errors) {
    for name in retry.on.iter().flat_map(|on| on.value.payload_bindings()) {
        errors.at(
            name.span(),
            format!("`{name}` cannot be used here: write `_`, or the pattern without a name"),
        );
    }
}

/// The errors in `on` are ones for which a retry can help.
///
/// UI: `policies/retry_build`, `policies/retry_decode`, `policies/retry_total`.
fn worth_repeating(alternative: &Alternative<'_>, errors: &mut Errors) {
    if NEVER.iter().any(|(class, leaf)| alternative.is(class, *leaf)) {
        let why = match alternative.class.to_string().as_str() {
            "Build" => "a request that cannot be built",
            "Decode" => "a response that cannot be decoded",
            _ => "a call after its total timeout",
        };
        errors.at(
            alternative.span(),
            format!("{why} is never retried: remove `{}`", alternative.name()),
        );
    }
}

/// A request that may have been processed is retried only if it is idempotent.
///
/// UI: `policies/retry_post_status`, `policies/retry_post_body`, `policies/retry_post_idle`,
/// `policies/retry_post_closed`, `policies/retry_patch_redirect`, `policies/retry_custom_method`,
/// `policies/retry_method_in_lower_case`.
fn safe_to_repeat(
    args: &Args,
    retry: &Retry,
    method: &str,
    alternative: &Alternative<'_>,
    errors: &mut Errors,
) {
    let keyed = retry.idempotency_key.is_some() || sends_key(args) || sends_unknown_header(args);
    if keyed || is_idempotent(method) {
        return;
    }
    if may_have_been_processed(alternative) {
        errors.at(
            alternative.span(),
            format!(
                "a {method} that may have been processed is not retried: add `idempotency_key`, \
                 or remove `{}`",
                alternative.name()
            ),
        );
    }
}

fn is_idempotent(method: &str) -> bool {
    IDEMPOTENT.contains(&method)
}

fn may_have_been_processed(alternative: &Alternative<'_>) -> bool {
    // A 429 means that the request was not processed.
    let answered =
        alternative.class == "Status" && alternative.status.is_some_and(|pat| !may_be(pat, 429));
    answered || AFTER_SENDING.iter().any(|(class, leaf)| alternative.is(class, *leaf))
}

/// `idempotency_key` is not redundant.
///
/// UI: `policies/retry_key_of_get`, `policies/retry_key_twice`.
fn key_is_needed(args: &Args, retry: &Retry, method: &str, errors: &mut Errors) {
    let Some(key) = &retry.idempotency_key else {
        return;
    };
    if sends_key(args) {
        errors.at(
            key.span(),
            "the header `idempotency-key` is already given: remove this, or the header",
        );
    } else if needs_no_key(method) {
        errors.at(
            key.span(),
            format!("a {method} is safe to retry without a key: remove `idempotency_key`"),
        );
    }
}

fn needs_no_key(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS"].contains(&method)
}

fn sends_key(args: &Args) -> bool {
    args.headers.iter().flat_map(|keyed| &keyed.value).any(|(name, _)| match name {
        HeaderName::Text(name) => name.value().eq_ignore_ascii_case("idempotency-key"),
        HeaderName::Path(_) => false,
    })
}

/// Whether a header's name is an expression, so that it may be `idempotency-key`.
fn sends_unknown_header(args: &Args) -> bool {
    let mut headers = args.headers.iter().flat_map(|keyed| &keyed.value);
    args.header_map.is_some() || headers.any(|(name, _)| matches!(name, HeaderName::Path(_)))
}

/// The name of the method in the request.
fn method(args: &Args) -> Option<String> {
    let target = args.targets.first()?;
    Some(match &target.custom {
        Some(name) => name.value(),
        None => target.key.to_string().to_uppercase(),
    })
}

/// Whether a pattern may match `status`, judged by form.
fn may_be(pat: &syn::Pat, status: u64) -> bool {
    match super::handlers::range(pat) {
        Some((first, last)) => {
            first.is_none_or(|first| first <= status) && last.is_none_or(|last| status <= last)
        }
        None => match pat {
            syn::Pat::Or(or) => or.cases.iter().any(|pat| may_be(pat, status)),
            syn::Pat::Paren(paren) => may_be(&paren.pat, status),
            syn::Pat::Ident(name) => name.subpat.iter().all(|(_, pat)| may_be(pat, status)),
            _ => true,
        },
    }
}

/// A group's `retry`, without the parts that would be refused in the function itself.
pub(crate) fn fit(args: &mut Args) {
    let Some(method) = method(args) else {
        return;
    };
    let once = |body: &Keyed<Expr>| {
        body.key == "multipart" || (body.key == "body" && is_stream(&body.value))
    };
    if args.bodies.iter().any(once) {
        args.retry = None;
        return;
    }
    let (sends_key, sends_unknown) = (sends_key(args), sends_unknown_header(args));
    let Some(retry) = args.retry.as_mut().map(|keyed| &mut keyed.value) else {
        return;
    };
    if sends_key || needs_no_key(&method) {
        retry.idempotency_key = None;
    }
    if retry.idempotency_key.is_some() || sends_key || sends_unknown || is_idempotent(&method) {
        return;
    }
    if let Some(on) = &mut retry.on {
        match on.value.kind.retain(&|alternative| !may_have_been_processed(alternative)) {
            Some(kind) => on.value.kind = kind,
            None => args.retry = None,
        }
    }
}

/// The policy for the model.
pub(super) fn policy(retry: Retry) -> Option<model::Retry> {
    let times = retry.times?;
    if !retry.is_list {
        return Some(model::Retry::Simple(times));
    }
    Some(model::Retry::Policy {
        times,
        on: retry.on.map(|keyed| keyed.value),
        backoff: retry.backoff.map(|keyed| keyed.value),
        idempotency_key: retry.idempotency_key,
        on_retry: retry.on_retry.map(|keyed| keyed.value),
    })
}
