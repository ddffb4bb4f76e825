//! The rules for what is sent, and for which statuses are success.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Expr, LitStr, Token};

use super::Parsed;
use crate::args::{Args, HeaderName, Keyed, Measure, StatusRange, Target};
use crate::errors::Errors;
use crate::item::Item;
use crate::model::{Auth, Content, Method, Placeholder};
use crate::suggest::{distance, nearest};
use crate::template::{self, Place};

/// There is exactly one method and template.
///
/// UI: `keys/method_missing`, `keys/no_arguments`, `keys/two_methods`, `keys/method_twice`.
pub(super) fn one_target<'a>(
    args: &'a Args,
    complete: bool,
    errors: &mut Errors,
) -> Option<&'a Target> {
    let mut targets = args.targets.iter();
    let first = targets.next();
    if first.is_none() && complete {
        errors.at(
            args.attribute.unwrap_or_else(Span::call_site),
            "the method and the template are missing: write `get = \"/path\"`",
        );
    }
    let first = first?;
    for other in targets {
        errors.at(
            other.key.span(),
            format!(
                "a request has one method, and `{}` is already given: keep one of them",
                first.key
            ),
        );
    }
    Some(first)
}

/// The name of a method is a token (RFC 9110, section 9.1), and not one that asks for a tunnel.
///
/// UI: `keys/method_name_with_a_space`, `keys/method_connect`.
pub(super) fn method(target: &Target, errors: &mut Errors) -> Option<Method> {
    let Some(name) = &target.custom else {
        return Some(Method::Named(target.key.clone()));
    };
    let message = match &*name.value() {
        "CONNECT" => {
            "CONNECT asks a proxy for a tunnel, which a session with a proxy does by itself: \
                      write the method of the request"
                .to_owned()
        }
        text if is_token(text) => return Some(Method::Custom(name.clone())),
        text => {
            format!("`{text}` is not the name of a method: write a word, such as `\"PURGE\"`")
        }
    };
    errors.on(name, message);
    None
}

/// The template is well-formed, and each placeholder names an argument or a constant.
///
/// UI: `template/scheme`, `template/host_missing`, `template/empty`, `template/fragment`,
/// `template/dollar`, `template/values_after_the_template`.
pub(super) fn placeholders(
    target: &Target,
    parsed: Parsed,
    positional: &[Ident],
    item: &Item,
    errors: &mut Errors,
) -> Vec<Placeholder> {
    let literal = &target.template;
    let parsed = match parsed {
        Ok(template) => template,
        Err(problems) => {
            let text = literal.value();
            let mut positional = positional.iter();
            for problem in problems {
                let message = match &text[problem.range.clone()] {
                    "{}" => match positional.next() {
                        Some(name) => problem.message.replace("{name}", &format!("{{{name}}}")),
                        None => problem.message,
                    },
                    _ => problem.message,
                };
                errors.at(part(literal, problem.range), message);
            }
            return Vec::new();
        }
    };
    let bindings = item.bindings();
    let mut found: Vec<Placeholder> = Vec::new();
    for placeholder in parsed.placeholders {
        let Some(value) = value_of(target, &placeholder, &bindings, item, errors) else {
            continue;
        };
        let setter = match placeholder.place {
            Place::Base => "base",
            Place::Label => "host_label",
            Place::Segment => "path",
            Place::Rest => "path_segments",
            Place::OptionalSegment => "optional_path",
            Place::OptionalRest => "optional_path_segments",
            Place::Query => "query_param",
        };
        let same = |other: &&Placeholder| other.text == placeholder.text && other.setter == setter;
        if found.iter().find(same).is_none() {
            let is_displayed = setter != "path" || is_displayed(&placeholder.text, &bindings);
            found.push(Placeholder { setter, text: placeholder.text, value, is_displayed });
        }
    }
    found
}

/// Whether a value in the path is certainly `Display`. Method resolution would take rustc longer.
fn is_displayed(text: &str, bindings: &[(Ident, &syn::PatType)]) -> bool {
    const KNOWN: [&str; 17] = [
        "bool", "char", "i8", "i16", "i32", "i64", "i128", "isize", "str", "String", "u8", "u16",
        "u32", "u64", "u128", "usize", "Uuid",
    ];
    let Some((name, argument)) = bindings.iter().find(|(name, _)| name.unraw() == text) else {
        // A constant is text or a number.
        return !text.starts_with("self.");
    };
    // The type of a part of a pattern is not known.
    let is_whole = matches!(&*argument.pat, syn::Pat::Ident(pat) if pat.ident == *name);
    let mut ty = &*argument.ty;
    loop {
        ty = match ty {
            syn::Type::Reference(reference) => &reference.elem,
            syn::Type::Group(group) => &group.elem,
            syn::Type::Path(path) => {
                let last = path.path.segments.last();
                return is_whole
                    && last.is_some_and(|last| KNOWN.iter().any(|name| last.ident == name));
            }
            // For `impl Display`, rustc knows only that bound.
            _ => return matches!(ty, syn::Type::ImplTrait(_)) && is_impl_display(ty),
        };
    }
}

fn is_impl_display(ty: &syn::Type) -> bool {
    crate::scan::has_ident(ty, "Display") || crate::scan::has_ident(ty, "ToString")
}

/// A template has no `/:id` and no `/<id>`, which would be sent as literal text.
///
/// UI: `template/colon`, `template/angle_brackets`.
pub(super) fn foreign_placeholders(args: &Args, item: &Item, errors: &mut Errors) {
    let bindings = item.bindings();
    for target in &args.targets {
        let text = target.template.value();
        for (written, name) in template::foreign_placeholders(&text) {
            if bindings.iter().any(|(binding, _)| binding.unraw() == name) {
                errors.on(
                    &target.template,
                    format!("`{written}` is not a placeholder: write `{{{name}}}`"),
                );
            }
        }
    }
}

/// The span of a part of a literal. Falls back to the whole literal where the compiler gives no
/// subspans, or the literal has escapes.
fn part(literal: &LitStr, range: std::ops::Range<usize>) -> Span {
    let token = literal.token();
    let written = token.to_string();
    let Some(start) = written.find(&literal.value()) else {
        return literal.span();
    };
    token.subspan(start + range.start..start + range.end).unwrap_or_else(|| literal.span())
}

/// The value of a placeholder, with the span of the argument that it names.
///
/// UI: `template/constant_unknown`, `template/constant_of_the_type_unknown`,
/// `template/unknown_name`, `template/unknown_name_without_a_suggestion`, `template/name_from_the_response`,
/// `template/self_without_receiver`.
fn value_of(
    target: &Target,
    placeholder: &template::Placeholder,
    bindings: &[(Ident, &syn::PatType)],
    item: &Item,
    errors: &mut Errors,
) -> Option<TokenStream> {
    let literal = &target.template;
    let text = placeholder.text.as_str();
    let named = |name: &Ident| name.unraw() == text;
    if let Some((name, _)) = bindings.iter().find(|(name, _)| named(name)) {
        return Some(name.to_token_stream());
    }
    let span = part(literal, placeholder.range.clone());
    if let Some(fields) = text.strip_prefix("self.") {
        let Some(receiver) = item.sig.receiver() else {
            errors
                .at(span, format!("`{text}` needs a method: write `&self` as the first argument"));
            return None;
        };
        let this = Token![self](span.resolved_at(receiver.self_token.span));
        // With the user's span, rustc would suggest replacing the whole template by the right field.
        let here = span.resolved_at(Span::mixed_site());
        let fields = fields.split('.').map(|field| member(field, here));
        return Some(quote!(#this #(.#fields)*));
    }
    if item.sig.generics.const_params().any(|param| named(&param.ident))
        || template::is_constant(text)
    {
        return Some(constant(text, span.resolved_at(Span::mixed_site())));
    }
    let message = if item.responses.iter().any(|response| response.bindings().iter().any(named)) {
        format!(
            "`{text}` comes from the response, which does not exist when the request is built: give \
             it an argument of its own"
        )
    } else {
        let names: Vec<String> =
            bindings.iter().map(|(name, _)| name.unraw().to_string()).collect();
        let names = names.iter().map(String::as_str);
        let Some(meant) = nearest(text, names) else {
            errors.at(
                span,
                format!("no argument is named `{text}`: add it to the function's arguments"),
            );
            return None;
        };
        let message = format!("no argument is named `{text}`; did you mean `{meant}`?");
        let error = syn::Error::new(span, message);
        match !target.has_base && is_format(literal) && rustc_suggests(text, meant) {
            true => errors.misspelt(literal, error),
            false => errors.push(error),
        }
        return None;
    };
    errors.at(span, message);
    None
}

/// A constant, by name or path. `span` sees no locals, so rustc suggests none in place of the template.
fn constant(text: &str, span: Span) -> TokenStream {
    let names = text.split("::").map(|name| match name {
        "Self" | "self" | "super" | "crate" => Ident::new(name, span),
        name => member_name(name, span),
    });
    let colons = Token![::](span);
    let mut path = TokenStream::new();
    for name in names {
        if !path.is_empty() {
            colons.to_tokens(&mut path);
        }
        name.to_tokens(&mut path);
    }
    path
}

/// Whether rustc can read the template as a format string.
fn is_format(literal: &LitStr) -> bool {
    let is_word = |text: &str| syn::parse_str::<Ident>(text).is_ok();
    template::parse(&literal.value()).is_ok_and(|template| {
        let mut placeholders = template.placeholders.iter();
        placeholders.all(|placeholder| {
            let is_plain = !matches!(
                placeholder.place,
                Place::Rest | Place::OptionalSegment | Place::OptionalRest
            );
            is_plain && is_word(&placeholder.text)
        })
    })
}

/// Whether rustc suggests `meant` for `text`, by its own measure of similarity.
fn rustc_suggests(text: &str, meant: &str) -> bool {
    distance(text, meant) <= text.len().max(3) / 3
}

fn member(field: &str, span: Span) -> TokenStream {
    if let Ok(index) = field.parse() {
        return syn::Index { index, span }.to_token_stream();
    }
    member_name(field, span).to_token_stream()
}

fn member_name(name: &str, span: Span) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(_) => Ident::new(name, span),
        // `template` accepts only names, so this one is a keyword.
        Err(_) => Ident::new_raw(name, span),
    }
}

/// A request has at most one body.
///
/// UI: `policies/two_bodies`.
pub(super) fn one_body(args: &Args, errors: &mut Errors) {
    let mut bodies = args.bodies.iter();
    let Some(first) = bodies.next() else {
        return;
    };
    for other in bodies {
        errors.at(
            other.key.span(),
            format!(
                "a request has one body, and `{}` is already given: keep one of them",
                first.key
            ),
        );
    }
}

/// GET, HEAD and TRACE have no body: servers ignore or refuse it.
///
/// UI: `policies/get_with_a_body`, `policies/head_with_a_body`, `policies/trace_with_a_body`.
pub(super) fn body_of_get(args: &Args, errors: &mut Errors) {
    let (Some(target), Some(body)) = (args.targets.first(), args.bodies.first()) else {
        return;
    };
    if target.key == "get" || target.key == "head" {
        errors.at(
            body.key.span(),
            format!(
                "a {} request has no body: write `query = …`, or another method",
                target.key.to_string().to_uppercase()
            ),
        );
    }
    if target.custom.as_ref().is_some_and(|name| name.value() == "TRACE") {
        errors
            .at(body.key.span(), "a TRACE request has no body: remove it, or write another method");
    }
}

/// Only one of `bearer` and `basic` is given: both set `Authorization`.
///
/// UI: `keys/two_authorizations`.
pub(super) fn one_authorization(args: &Args, errors: &mut Errors) {
    if let (Some(_), Some(basic)) = (&args.bearer, &args.basic) {
        errors.at(
            basic.key.span(),
            "`bearer` and `basic` both set `Authorization`: keep one of them",
        );
    }
}

/// A header's name is a token, and not one that is computed from the body. The length of a stream is
/// not known, so `content-length` may be given for `body`.
///
/// UI: `keys/header_name_with_a_space`, `keys/header_computed`, `keys/header_computed_from_json`,
/// `keys/header_transfer_encoding`.
pub(super) fn header_names(args: &Args, names: &[String], errors: &mut Errors) {
    let computed: &[&str] = match args.bodies.iter().any(|body| body.key == "body") {
        true => &["transfer-encoding"],
        false => &["content-length", "transfer-encoding"],
    };
    for (name, _) in args.headers.iter().flat_map(|keyed| &keyed.value) {
        let name = match name {
            HeaderName::Text(name) => name,
            HeaderName::Path(path) => {
                header_is_no_word(path, names, errors);
                continue;
            }
        };
        let text = name.value();
        if !is_token(&text) {
            errors.on(
                name,
                format!("`{text}` is not the name of a header: write a word, such as `\"accept\"`"),
            );
        } else if computed.contains(&text.to_lowercase().as_str()) {
            errors.on(name, format!("`{text}` is computed from the body: leave it out"));
        }
    }
}

/// A header's name in lower case is in quotes.
///
/// UI: `keys/header_name_not_quoted`.
fn header_is_no_word(name: &Expr, names: &[String], errors: &mut Errors) {
    let word = match name {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    let Some(word) = word else {
        return;
    };
    let text = word.unraw().to_string();
    if !names.contains(&text) && !template::is_constant(&text) {
        errors.at(word.span(), format!("the name of a header is a string: write `\"{text}\"`"));
    }
}

/// Timeouts and `max_body` are not zero.
///
/// UI: `keys/timeout_zero`, `keys/timeouts_zero`, `keys/max_body_zero`.
pub(super) fn limits_above_zero(args: &Args, errors: &mut Errors) {
    if let Some(Measure::Literal(0, span)) = args.max_body.as_ref().map(|keyed| &keyed.value) {
        errors.at(
            *span,
            "a limit of zero accepts no body: write a larger size, or leave `max_body` out",
        );
    }
    let Some(timeouts) = args.timeout.as_ref().map(|keyed| &keyed.value) else {
        return;
    };
    for timeout in [&timeouts.total, &timeouts.attempt, &timeouts.idle] {
        if let Some(Measure::Literal(Duration::ZERO, span)) = timeout {
            errors.at(
                *span,
                "a timeout of zero always expires: write a longer time, or leave it out to use the \
                 session's",
            );
        }
    }
}

/// The statuses of `expect` are valid and final, and no range is empty.
///
/// UI: `keys/expect_not_a_status`, `keys/expect_empty_range`, `keys/expect_interim`.
pub(super) fn statuses(args: &Args, errors: &mut Errors) {
    for StatusRange { first, last, tokens } in args.expect.iter().flat_map(|keyed| &keyed.value) {
        let outside = |status: &u64| !(100..=999).contains(status);
        if let Some(status) = [first, last].into_iter().find(|status| outside(status)) {
            errors
                .on(tokens, format!("`{status}` is not a status: write a number from 200 to 999"));
        } else if first > last {
            errors.on(tokens, format!("this range is empty: write `{last}..={first}`"));
        } else if *first < 200 {
            errors.on(tokens, "a status below 200 is never final: begin at `200`");
        }
    }
}

/// The timeout of an attempt is not longer than the total.
///
/// UI: `policies/attempt_over_total`.
pub(super) fn attempt_within_total(args: &Args, errors: &mut Errors) {
    let Some(timeouts) = args.timeout.as_ref().map(|keyed| &keyed.value) else {
        return;
    };
    if let (Some(Measure::Literal(total, _)), Some(Measure::Literal(attempt, span))) =
        (&timeouts.total, &timeouts.attempt)
        && attempt > total
    {
        errors.at(*span, "one attempt cannot take longer than `total`: write a shorter time");
    }
}

pub(super) fn auth(
    bearer: Option<Keyed<Expr>>,
    basic: Option<Keyed<(Expr, Expr)>>,
) -> Option<Auth> {
    match (bearer, basic) {
        (Some(bearer), _) => Some(Auth::Bearer(bearer.value)),
        (None, Some(basic)) => Some(Auth::Basic(basic.value.0, basic.value.1)),
        (None, None) => None,
    }
}

pub(super) fn content(bodies: Vec<Keyed<Expr>>, is_optional: bool) -> Option<Content> {
    let body = bodies.into_iter().next()?;
    Some(Content {
        is_optional,
        by_reference: body.key == "json" || body.key == "form",
        key: body.key,
        value: body.value,
    })
}

/// `statuses` has checked that they fit into a `u16`.
pub(super) fn expected(ranges: &[StatusRange]) -> Vec<(u16, u16)> {
    let narrow = |status: u64| u16::try_from(status).unwrap_or(u16::MAX);
    ranges.iter().map(|range| (narrow(range.first), narrow(range.last))).collect()
}

/// `token` of RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}
