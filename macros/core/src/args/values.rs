//! Parsers for the values of keys.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::parse::discouraged::Speculative;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, ExprMacro, ExprPath, Lit, LitStr, Path, Token, parenthesized, token};

use super::{Arm, HeaderName, Keyed, Measure, OnError, StatusRange, Timeouts, given_twice};
use crate::action;
use crate::errors::Errors;
use crate::habits;
use crate::pattern::Pattern;
use crate::scan;
use crate::suggest::did_you_mean;
use crate::units;

/// `key = EXPR`.
pub(super) fn value(key: Ident, input: ParseStream<'_>) -> syn::Result<Keyed<Expr>> {
    let value = value_of(&key, "…", input, |input| input.parse())?;
    Ok(Keyed { key, value })
}

pub(super) fn value_of<T>(
    key: &Ident,
    form: &str,
    input: ParseStream<'_>,
    parse: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key}` takes a value: write `{key} = {form}`"),
        ));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) || input.peek(Token![>]) {
        return Err(syn::Error::new(
            key.span(),
            format!("the value of `{key}` is missing: write `{key} = {form}`"),
        ));
    }
    refuse_json_literal(key, input)?;
    parse(input)
}

/// `json = {"id": 7}`, as JavaScript and Python have it.
fn refuse_json_literal(key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    let inside = |input: ParseStream<'_>| {
        let content;
        syn::braced!(content in input);
        let is_json = content.peek(syn::LitStr) && content.peek2(Token![:]);
        skip_rest(&content);
        Ok(is_json)
    };
    if !input.peek(token::Brace) || !inside(&input.fork())? {
        return Ok(());
    }
    let write = match key == "headers" {
        true => "`header(\"name\" = value)`".to_owned(),
        false => format!("`{key} = &serde_json::json!({{ … }})`"),
    };
    Err(input.error(format!("this is not an expression of Rust: write {write}")))
}

/// A key without a value. A value after it is part of the mistake.
pub(super) fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty()
        || input.peek(Token![,])
        || !(input.peek(Token![=]) || input.peek(token::Paren))
    {
        return Ok(());
    }
    skip_to_comma(input);
    Err(syn::Error::new(key.span(), format!("`{key}` takes no value: write `{key}` alone")))
}

/// The word in `json(optional) = EXPR`.
pub(super) fn optional(key: &Ident, input: ParseStream<'_>) -> syn::Result<Ident> {
    let content;
    parenthesized!(content in input);
    let span = content.span();
    let word = content.parse::<Ident>().ok().filter(|word| word == "optional");
    let is_alone = content.is_empty();
    skip_rest(&content);
    match word.filter(|_| is_alone && input.peek(Token![=])) {
        Some(word) => Ok(word),
        None => {
            // A value is part of the mistake.
            skip_to_comma(input);
            let message = format!(
                "write `{key} = value`, or `{key}(optional) = value` for a body that `None` leaves out"
            );
            Err(syn::Error::new(span, message))
        }
    }
}

/// The contents of the parentheses in `key(…)`.
pub(super) fn parenthesized_list<'a>(
    key: &Ident,
    form: &str,
    input: ParseStream<'a>,
) -> syn::Result<syn::parse::ParseBuffer<'a>> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key}` takes a list: write `{key}({form})`"),
        ));
    }
    let content;
    parenthesized!(content in input);
    if content.is_empty() {
        return Err(syn::Error::new(
            key.span(),
            format!("`{key}` is empty: write `{key}({form})`"),
        ));
    }
    Ok(content)
}

/// The items of a list, separated by commas. Mistakes are collected.
pub(super) fn comma_separated<T>(
    content: ParseStream<'_>,
    errors: &mut Errors,
    parse: fn(ParseStream<'_>) -> syn::Result<T>,
) -> Vec<T> {
    let mut found = Vec::new();
    while !content.is_empty() {
        let item = parse(content).and_then(|item| match content.is_empty() {
            true => Ok(item),
            false => content.parse::<Token![,]>().map(|_| item),
        });
        match item {
            Ok(item) => found.push(item),
            Err(error) => {
                errors.push(error);
                skip_to_comma(content);
                let _ = content.parse::<Token![,]>();
            }
        }
    }
    found
}

pub(super) fn template(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let ahead = input.fork();
    if let Ok(path) = ahead.parse::<ExprPath>()
        && (ahead.is_empty() || ahead.peek(Token![,]))
    {
        let text = path.to_token_stream().to_string().replace(' ', "");
        input.advance_to(&ahead);
        return Err(syn::Error::new_spanned(
            path,
            format!("a constant goes into the template: write `\"{{{text}}}\"`"),
        ));
    }
    let ahead = input.fork();
    if let Ok(call) = ahead.parse::<ExprMacro>() {
        input.advance_to(&ahead);
        return Err(syn::Error::new_spanned(
            call,
            "the template is read before macros expand: write one literal, with constants as `{NAME}`",
        ));
    }
    input.parse().map_err(|error| {
        let message = "expected the template as a string literal, such as `\"/users/{id}\"`";
        syn::Error::new(error.span(), message)
    })
}

pub(super) fn basic(key: Ident, content: ParseStream<'_>) -> syn::Result<Keyed<(Expr, Expr)>> {
    let span = content.span();
    let given = Punctuated::<Expr, Token![,]>::parse_terminated(content)?;
    let mut given = given.into_iter();
    match (given.next(), given.next(), given.next()) {
        (Some(user), Some(password), None) => Ok(Keyed { key, value: (user, password) }),
        _ => Err(syn::Error::new(span, "`basic` takes two values: write `basic(user, password)`")),
    }
}

pub(super) fn header(content: ParseStream<'_>) -> syn::Result<(HeaderName, Expr)> {
    let name = header_name(content)?;
    if !content.peek(Token![=]) {
        let (span, written) = match &name {
            HeaderName::Text(text) => (text.span(), format!("{:?}", text.value())),
            HeaderName::Path(path) => (path.span(), "NAME".to_owned()),
        };
        skip_value(content);
        let message = format!("a header needs a value: write `{written} = …`");
        return Err(syn::Error::new(span, message));
    }
    content.parse::<Token![=]>()?;
    Ok((name, content.parse()?))
}

fn header_name(content: ParseStream<'_>) -> syn::Result<HeaderName> {
    let ahead = content.fork();
    if let Ok(path) = ahead.parse::<ExprPath>()
        && ahead.peek(Token![=])
    {
        content.advance_to(&ahead);
        return Ok(HeaderName::Path(Expr::Path(path)));
    }
    match content.peek(LitStr) {
        true => content.parse().map(HeaderName::Text),
        false => {
            Err(error_here(content, "expected a header, such as `\"accept\" = \"text/plain\"`"))
        }
    }
}

/// Skips `, value` where `= value` is expected.
fn skip_value(content: ParseStream<'_>) {
    let ahead = content.fork();
    let value = ahead.parse::<Token![,]>().and_then(|_| ahead.parse::<Expr>());
    if value.is_ok_and(|value| !matches!(value, Expr::Assign(_))) {
        content.advance_to(&ahead);
    }
}

pub(super) fn statuses(content: ParseStream<'_>) -> syn::Result<Vec<StatusRange>> {
    let result = status_ranges(content);
    skip_rest(content);
    result
}

fn status_ranges(content: ParseStream<'_>) -> syn::Result<Vec<StatusRange>> {
    let mut ranges = Vec::new();
    loop {
        let first: syn::LitInt = content.parse().map_err(|error| {
            syn::Error::new(error.span(), "expected a status, such as `200..=299` or `304`")
        })?;
        let mut tokens = first.to_token_stream();
        let mut range = (first.base10_parse()?, first.base10_parse()?);
        if content.peek(Token![..=]) {
            let dots: Token![..=] = content.parse()?;
            let last: syn::LitInt = content.parse()?;
            range.1 = last.base10_parse()?;
            tokens = quote!(#first #dots #last);
        } else if content.peek(Token![..]) {
            let dots: Token![..] = content.parse()?;
            let last: Option<syn::LitInt> = content.parse()?;
            return Err(syn::Error::new_spanned(
                quote!(#first #dots #last),
                "a range of statuses includes its end: write `200..=299`",
            ));
        }
        ranges.push(StatusRange { first: range.0, last: range.1, tokens });
        if content.is_empty() {
            return Ok(ranges);
        }
        if content.peek(Token![,]) {
            return Err(error_here(
                content,
                "statuses are separated by `|`: write `200..=299 | 304`",
            ));
        }
        content.parse::<Token![|]>()?;
    }
}

/// `timeout = 2s`, or `timeout(total = 30s, attempt = 10s, idle = 20s)`.
pub(super) fn timeouts(
    key: &Ident,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Timeouts> {
    let mut timeouts = Timeouts::default();
    if !input.peek(token::Paren) {
        timeouts.total = Some(measure_of(key, "2s", input, units::duration)?);
        return Ok(timeouts);
    }
    let content = parenthesized_list(key, "total = 30s, attempt = 10s", input)?;
    for (name, duration) in comma_separated(&content, errors, timeout) {
        let slot = match name.to_string().as_str() {
            "total" => &mut timeouts.total,
            "attempt" => &mut timeouts.attempt,
            _ => &mut timeouts.idle,
        };
        match slot {
            Some(_) => given_twice(errors, &name),
            None => *slot = Some(duration),
        }
    }
    Ok(timeouts)
}

fn timeout(content: ParseStream<'_>) -> syn::Result<(Ident, Measure<Duration>)> {
    const NAMES: [&str; 3] = ["total", "attempt", "idle"];
    let Ok(name) = content.call(Ident::parse_any) else {
        return Err(error_here(
            content,
            "expected `total`, `attempt` or `idle`, such as `total = 30s`",
        ));
    };
    let text = name.to_string();
    if !NAMES.contains(&text.as_str()) {
        let mut hint = did_you_mean(&text, NAMES);
        if text == "connect" {
            hint = ", which is set on the session: write `Session::builder().connect_timeout(…)`"
                .to_owned();
        } else if hint.is_empty() {
            hint = ": write `total`, `attempt` or `idle`".to_owned();
        }
        let message = format!("unknown timeout `{text}`{hint}");
        return Err(syn::Error::new(name.span(), message));
    }
    let value = measure_of(&name, "2s", content, units::duration)?;
    Ok((name, value))
}

/// `key = 2s`, or `key = EXPR`.
pub(super) fn measure_of<T>(
    key: &Ident,
    form: &str,
    input: ParseStream<'_>,
    literal: fn(&str, &str) -> Result<T, String>,
) -> syn::Result<Measure<T>> {
    let expr: Expr = value_of(key, form, input, |input| input.parse())?;
    refuse_separate_unit(&expr, input, literal)?;
    measure(expr, literal)
}

/// Refuses a number and a unit that are separate words.
fn refuse_separate_unit<T>(
    number: &Expr,
    input: ParseStream<'_>,
    literal: fn(&str, &str) -> Result<T, String>,
) -> syn::Result<()> {
    let Expr::Lit(ExprLit { lit: Lit::Int(_) | Lit::Float(_), .. }) = number else {
        return Ok(());
    };
    let Ok(unit) = input.parse::<Ident>() else {
        return Ok(());
    };
    let digits = number.to_token_stream().to_string();
    let word = unit.to_string();
    let known = [habits::unit(&word), Some(word.as_str())];
    let known = known.into_iter().flatten().find(|unit| literal(&digits, unit).is_ok());
    let message = match known {
        Some(known) => {
            format!("a number and its unit are one word: write `{digits}{known}`")
        }
        None => literal(&digits, &word).err().unwrap_or_default(),
    };
    Err(syn::Error::new_spanned(quote!(#number #unit), message))
}

/// `crate = ::path`.
pub(super) fn crate_path(input: ParseStream<'_>) -> syn::Result<Path> {
    if let Ok(text) = input.parse::<LitStr>() {
        let name = text.value();
        let message = format!("a path is not a string: write `crate = {name}` without quotes");
        return Err(syn::Error::new(text.span(), message));
    }
    input.call(Path::parse_mod_style)
}

pub(super) fn measure<T>(
    expr: Expr,
    literal: fn(&str, &str) -> Result<T, String>,
) -> syn::Result<Measure<T>> {
    if let Expr::Unary(unary) = without_groups(&expr)
        && matches!((&unary.op, &*unary.expr), (syn::UnOp::Neg(_), Expr::Lit(_)))
    {
        let positive = unary.expr.to_token_stream();
        let message = format!("a duration or size is not negative: write `{positive}`");
        return Err(syn::Error::new_spanned(unary, message));
    }
    let (digits, suffix, span) = match without_groups(&expr) {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            (number.base10_digits(), number.suffix(), number.span())
        }
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => {
            (number.base10_digits(), number.suffix(), number.span())
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let message = format!(
                "a duration or size is not a string: write `{}` without quotes",
                text.value()
            );
            return Err(syn::Error::new(text.span(), message));
        }
        _ => return Ok(Measure::Expr(expr)),
    };
    match literal(digits, suffix) {
        Ok(value) => Ok(Measure::Literal(value, span)),
        Err(message) => Err(syn::Error::new(span, message)),
    }
}

/// The expression under the invisible groups that `$value:expr` leaves around it.
pub(crate) fn without_groups(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => without_groups(&group.expr),
        expr => expr,
    }
}

/// `on_error = ACTION`, or `on_error(PATTERN => ACTION, …)`.
pub(super) fn on_error(
    key: &Ident,
    input: ParseStream<'_>,
    errors: &mut Errors,
    owners: &mut Vec<Ident>,
) -> syn::Result<OnError> {
    if has_arms_outside_parens(input) {
        return Err(syn::Error::new(
            key.span(),
            "the arms of `on_error` go into its parentheses: write `on_error(PATTERN => ACTION)`",
        ));
    }
    if !input.peek(token::Paren) {
        let expr: Expr = value_of(key, "log", input, |input| input.parse())?;
        return Ok(OnError::Always(action::parse(expr.clone())?, expr));
    }
    let content = parenthesized_list(key, "_ => log", input)?;
    let mut arms = Vec::new();
    while !content.is_empty() {
        let ahead = content.fork();
        match arm(&content, !arms.is_empty(), errors) {
            Ok(arm) => arms.extend(arm),
            Err(error) => {
                errors.push(error);
                owners.extend(owners_of_paths(&ahead));
                skip_to_comma(&content);
                let _ = content.parse::<Token![,]>();
            }
        }
    }
    Ok(OnError::Arms(arms))
}

/// The types that a program imports for the next pattern: `ErrorKind` of `ErrorKind::Timeout`.
fn owners_of_paths(input: ParseStream<'_>) -> Vec<Ident> {
    let mut pattern = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![=>]) && !input.peek(Token![if]) {
        pattern.extend(input.parse::<TokenTree>());
    }
    let mut owners = scan::owners_of_paths(pattern);
    owners.retain(|owner| {
        let owner = owner.to_string();
        matches!(owner.as_str(), "ErrorKind" | "StatusCode") || owner.ends_with("Error")
    });
    owners
}

/// Whether arms are in other places than `on_error(…)`: `on_error { Connect => log }`, or
/// `on_error = (Connect => log)`.
fn has_arms_outside_parens(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if input.peek(token::Paren) || ahead.parse::<Option<Token![=]>>().is_err() {
        return false;
    }
    let Ok(TokenTree::Group(group)) = ahead.parse() else {
        return false;
    };
    let mut trees = group.stream().into_iter().map(|tree| tree.to_string());
    let mut last = trees.next();
    trees.any(|tree| last.replace(tree.clone()).as_deref() == Some("=") && tree == ">")
}

/// `None` if only the action is wrong: its error is collected, and reading continues after it.
fn arm(
    content: ParseStream<'_>,
    after_others: bool,
    errors: &mut Errors,
) -> syn::Result<Option<Arm>> {
    let pattern: Pattern = content.parse()?;
    let guard = match content.parse::<Option<Token![if]>>()? {
        Some(_) => Some(content.parse()?),
        None => None,
    };
    if !content.peek(Token![=>]) {
        let alone = content.is_empty() || content.peek(Token![,]);
        let span = match alone {
            true => pattern.span,
            false => content.span(),
        };
        if let Some(patterns) = listed_patterns(&pattern, content) {
            let message = format!("alternatives are separated by `|`: write `{patterns} => …`");
            // The rest of the arm is part of the mistake.
            while !content.is_empty() && !content.peek(Token![=>]) {
                content.parse::<TokenTree>()?;
            }
            return Err(syn::Error::new(pattern.span, message));
        }
        if let (true, true, Some(name)) = (after_others, alone, pattern.bare_binding()) {
            let message =
                format!("several actions in an arm need a block: write `{{ …; {name} }}`");
            return Err(syn::Error::new(span, message));
        }
        return Err(syn::Error::new(
            span,
            "expected `=>`: write `PATTERN => ACTION` for an arm, or `on_error = ACTION` for all errors",
        ));
    }
    content.parse::<Token![=>]>()?;
    if content.is_empty() || content.peek(Token![,]) {
        return Err(syn::Error::new(
            pattern.span,
            "the action of this arm is missing: write `PATTERN => log`",
        ));
    }
    let expr = content.call(Expr::parse_with_earlier_boundary_rule)?;
    let ends_itself =
        matches!(expr, Expr::Block(_) | Expr::If(_) | Expr::Match(_) | Expr::Unsafe(_));
    if content.peek(Token![;]) {
        return Err(error_here(content, "several actions need a block: write `{ …; … }`"));
    }
    if !content.is_empty() && !content.peek(Token![,]) && !ends_itself {
        return Err(error_here(content, "arms are separated by commas: write `,` before this"));
    }
    content.parse::<Option<Token![,]>>()?;
    let action = errors.keep(action::parse(expr.clone()));
    Ok(action.map(|action| Arm { pattern, guard, action, expr }))
}

/// `Connect | Timeout`, if the pattern before was the first of `Connect, Timeout => …`.
fn listed_patterns(first: &Pattern, content: ParseStream<'_>) -> Option<String> {
    let ahead = content.fork();
    let mut words = vec![first.class()?.to_string()];
    while ahead.parse::<Option<Token![,]>>().ok()?.is_some() {
        words.push(ahead.parse::<Pattern>().ok()?.class()?.to_string());
    }
    (words.len() > 1 && ahead.peek(Token![=>])).then(|| words.join(" | "))
}

/// An error at the next token, without the prefix that `ParseStream::error` adds at the end of a group.
pub(super) fn error_here(input: ParseStream<'_>, message: &str) -> syn::Error {
    syn::Error::new(input.span(), message)
}

pub(super) fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}

pub(super) fn skip_rest(input: ParseStream<'_>) {
    while !input.is_empty() {
        let _ = input.parse::<TokenTree>();
    }
}
