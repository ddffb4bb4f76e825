//! `retry = 3`, or `retry(times = 3, on(PATTERN), …)` → the parts of the policy.

use std::time::Duration;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Expr, ExprLit, Lit, RangeLimits, Token};

use super::values::{
    comma_separated, error_here, measure, parenthesized_list, skip_rest, value_of, without_groups,
};
use super::{Keyed, Measure, given_twice};
use crate::errors::Errors;
use crate::pattern::Pattern;
use crate::suggest::did_you_mean;
use crate::units;

#[derive(Clone, Default)]
pub(crate) struct Retry {
    /// The number of retries. For `retry = …` also a whole `Retry`.
    pub(crate) times: Option<Expr>,
    pub(crate) on: Option<Keyed<Pattern>>,
    pub(crate) backoff: Option<Keyed<Backoff>>,
    pub(crate) idempotency_key: Option<Ident>,
    pub(crate) on_retry: Option<Keyed<Expr>>,
    /// Whether it is a list, `retry(…)`.
    pub(crate) is_list: bool,
}

/// The backoff: the base of the first wait and the longest wait, or an expression for both.
#[derive(Clone)]
pub(crate) enum Backoff {
    Range(Measure<Duration>, Measure<Duration>),
    Expr(Expr),
}

impl Backoff {
    /// The expressions in it.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Backoff::Range(first, longest) => {
                first.expr().into_iter().chain(longest.expr()).collect()
            }
            Backoff::Expr(range) => vec![range],
        }
    }
}

enum Part {
    Times(Ident, Expr),
    On(Ident, Pattern),
    Backoff(Ident, Backoff),
    IdempotencyKey(Ident),
    OnRetry(Ident, Expr),
}

const PARTS: [&str; 5] = ["times", "on", "backoff", "idempotency_key", "on_retry"];

pub(super) fn read(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Retry> {
    let mut retry = Retry::default();
    if !input.peek(syn::token::Paren) {
        let value = times(value_of(key, "3", input, |input| input.parse())?)?;
        if matches!(without_groups(&value), Expr::Lit(_))
            && input.peek(syn::Ident)
            && !input.peek2(Token![=])
        {
            let number = value.to_token_stream();
            let message = format!("`retry` takes a number alone: write `retry = {number}`");
            return Err(syn::Error::new(input.parse::<Ident>()?.span(), message));
        }
        retry.times = Some(value);
        return Ok(retry);
    }
    retry.is_list = true;
    let content = parenthesized_list(key, "times = 3, on(Timeout)", input)?;
    for part in comma_separated(&content, errors, part) {
        match part {
            Part::Times(key, value) => once(&mut retry.times, errors, &key, value),
            Part::On(key, value) => {
                once(&mut retry.on, errors, &key.clone(), Keyed { key, value });
            }
            Part::Backoff(key, value) => {
                once(&mut retry.backoff, errors, &key.clone(), Keyed { key, value });
            }
            Part::IdempotencyKey(key) => {
                once(&mut retry.idempotency_key, errors, &key.clone(), key);
            }
            Part::OnRetry(key, value) => {
                once(&mut retry.on_retry, errors, &key.clone(), Keyed { key, value });
            }
        }
    }
    Ok(retry)
}

fn once<T>(slot: &mut Option<T>, errors: &mut Errors, key: &Ident, value: T) {
    match slot {
        Some(_) => given_twice(errors, key),
        None => *slot = Some(value),
    }
}

fn part(content: ParseStream<'_>) -> syn::Result<Part> {
    let Ok(key) = content.call(Ident::parse_any) else {
        let message = "expected a part of the policy, such as `times = 3`: for only a number write \
                       `retry = 3`";
        return Err(error_here(content, message));
    };
    match key.to_string().as_str() {
        "times" => {
            let value = times(value_of(&key, "3", content, |input| input.parse())?)?;
            Ok(Part::Times(key, value))
        }
        "on" => {
            let inside = parenthesized_list(&key, "Timeout | Status(503)", content)?;
            let pattern = pattern(&inside);
            skip_rest(&inside);
            pattern.map(|pattern| Part::On(key, pattern))
        }
        "backoff" => {
            let inside = parenthesized_list(&key, "100ms..10s", content)?;
            let range = backoff(&key, &inside);
            skip_rest(&inside);
            range.map(|range| Part::Backoff(key, range))
        }
        "idempotency_key" => {
            if content.peek(Token![=]) {
                content.parse::<Token![=]>()?;
                let _: Expr = content.parse()?;
                let message = "`idempotency_key` takes no value, as each call generates one: \
                               remove it, or write `header(\"idempotency-key\" = …)`";
                return Err(syn::Error::new(key.span(), message));
            }
            Ok(Part::IdempotencyKey(key))
        }
        "on_retry" => {
            let value: Expr = value_of(&key, "path", content, |input| input.parse())?;
            if let Expr::Closure(closure) = without_groups(&value)
                && let Some(token) = &closure.asyncness
            {
                let message = "`on_retry` is not awaited: remove `async`";
                return Err(syn::Error::new(token.span, message));
            }
            Ok(Part::OnRetry(key, value))
        }
        name => {
            let hint = match did_you_mean(name, PARTS) {
                hint if hint.is_empty() => {
                    ": write `times`, `on`, `backoff`, `idempotency_key` or `on_retry`".to_owned()
                }
                hint => hint,
            };
            Err(syn::Error::new(key.span(), format!("unknown part of `retry`, `{name}`{hint}")))
        }
    }
}

/// Refuses a number of retries with a unit, in quotes, or below zero.
fn times(value: Expr) -> syn::Result<Expr> {
    let refused = |literal: &Lit, written: &str| {
        let message =
            format!("`retry` takes the number of retries: write a number, such as `{written}`");
        Err(syn::Error::new(literal.span(), message))
    };
    match without_groups(&value) {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            let suffix = number.suffix();
            match suffix.is_empty() || suffix == "u32" {
                true => Ok(value),
                false => refused(&Lit::Int(number.clone()), number.base10_digits()),
            }
        }
        Expr::Lit(ExprLit { lit, .. }) => refused(lit, "3"),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Neg(_)) => {
            Err(syn::Error::new_spanned(
                unary,
                "`retry` takes the number of retries: write a number, such as `3`",
            ))
        }
        _ => Ok(value),
    }
}

fn pattern(inside: ParseStream<'_>) -> syn::Result<Pattern> {
    const POLICY: &str = "write `retry = Retry::times(3).on(|error| …)`";
    let pattern: Pattern = inside.parse()?;
    if let Some(name) = &pattern.binding {
        return Err(syn::Error::new_spanned(
            name,
            format!("`on` cannot bind the error: to inspect it, {POLICY}"),
        ));
    }
    if inside.peek(Token![if]) {
        return Err(error_here(inside, &format!("`on` takes no guard: {POLICY}")));
    }
    if inside.peek(Token![,]) {
        return Err(error_here(
            inside,
            "the errors in `on` are separated by `|`: write `Timeout | Connect`",
        ));
    }
    match inside.is_empty() {
        true => Ok(pattern),
        false => Err(error_here(inside, "expected one pattern, such as `Timeout | Status(503)`")),
    }
}

fn backoff(key: &Ident, inside: ParseStream<'_>) -> syn::Result<Backoff> {
    const FORM: &str = "write `backoff(100ms..10s)`";
    let value: Expr = inside.parse()?;
    let Expr::Range(range) = without_groups(&value) else {
        return match measure(value.clone(), units::duration)? {
            Measure::Expr(value) => Ok(Backoff::Expr(value)),
            Measure::Literal(_, span) => Err(syn::Error::new(
                span,
                format!("`{key}` takes the first wait and the longest one: {FORM}"),
            )),
        };
    };
    if let RangeLimits::Closed(dots) = &range.limits {
        let message = format!("the range always includes the longest wait: {FORM}");
        return Err(syn::Error::new_spanned(dots, message));
    }
    let (Some(first), Some(longest)) = (&range.start, &range.end) else {
        let message = format!("`{key}` takes the first wait and the longest one: {FORM}");
        return Err(syn::Error::new_spanned(range, message));
    };
    let end = |end: &Expr| measure(end.clone(), units::duration);
    Ok(Backoff::Range(end(first)?, end(longest)?))
}
