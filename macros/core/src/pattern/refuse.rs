//! The messages for invalid patterns, each with the pattern to write.

use proc_macro2::{Ident, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Lit, Pat, PatTupleStruct, Token};

use super::{CLASSES, Payload, is_binding, is_class, is_leaf, without_parens};
use crate::habits;

/// `404 => …`, `4xx => …` and `500..=599 => …`.
pub(super) fn status_alone(input: ParseStream<'_>) -> syn::Result<()> {
    let Ok(first) = input.fork().parse::<syn::LitInt>() else { return Ok(()) };
    let status = match input.fork().call(Pat::parse_multi) {
        Ok(statuses) if is_statuses(&statuses) => to_text(&statuses),
        _ => status_range(&first).unwrap_or_else(|| "404".to_owned()),
    };
    let message = format!("a status is matched by the class `Status`: write `Status({status})`");
    Err(syn::Error::new(input.span(), message))
}

/// Whether it is a range, or several statuses.
fn is_statuses(pat: &Pat) -> bool {
    match pat {
        Pat::Range(_) => true,
        Pat::Or(or) => or.cases.iter().all(|pat| matches!(pat, Pat::Lit(_) | Pat::Range(_))),
        _ => false,
    }
}

/// `!Connect => …`.
pub(super) fn negation(input: ParseStream<'_>) -> syn::Result<()> {
    match input.peek(Token![!]) {
        false => Ok(()),
        true => Err(input.error(
            "a pattern cannot be negated: write the classes to match, such as \
             `Connect | Timeout`",
        )),
    }
}

/// The message for an invalid pattern, and for `else => …`.
pub(super) fn unreadable(input: ParseStream<'_>, error: syn::Error) -> syn::Error {
    let message = match input.peek(Token![else]) {
        true => "the pattern for all other errors is `_`: write `_ => …`".to_owned(),
        false if input.peek(Token![=>]) => {
            "the pattern of this arm is missing: write `_ => …` for every error".to_owned()
        }
        false => "expected a pattern, such as `Connect`, `Status(404)` or `_`".to_owned(),
    };
    syn::Error::new(error.span(), message)
}

/// `Status(>= 500)`.
pub(super) fn comparison(input: ParseStream<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    if ahead.parse::<Ident>().is_err() {
        return Ok(());
    }
    match ahead.parse() {
        Ok(TokenTree::Group(group)) => match group.stream().into_iter().next() {
            Some(TokenTree::Punct(sign)) if matches!(sign.as_char(), '<' | '>') => {
                Err(syn::Error::new(sign.span(), "a range has two ends: write `Status(500..=599)`"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// `400..=499` for `4xx`, and a number as it is.
fn status_range(status: &syn::LitInt) -> Option<String> {
    match status.suffix() {
        "" => Some(status.base10_digits().to_owned()),
        suffix if suffix.eq_ignore_ascii_case("xx") => {
            let first = status.base10_digits();
            Some(format!("{first}00..={first}99"))
        }
        _ => None,
    }
}

/// Refuses a class in lower case: it would bind every error.
pub(super) fn lowercase_class(name: &Ident) -> syn::Result<()> {
    let text = name.unraw().to_string();
    match CLASSES.iter().find(|(class, _)| class.eq_ignore_ascii_case(&text)) {
        None => Ok(()),
        Some((class, _)) => Err(syn::Error::new(
            name.span(),
            format!("`{text}` would bind every error: write `{class}`, or another name"),
        )),
    }
}

/// `Connect | e => …`.
pub(super) fn binding_in_an_alternative(name: &Ident) -> syn::Error {
    syn::Error::new(
        name.span(),
        format!("`{name}` has to bind the error of every alternative: write `{name} @ (… | …)`"),
    )
}

/// Refuses leaves without their class, such as `Dns | Refused`.
pub(super) fn leaves_without_class(words: &[&Ident]) -> syn::Result<()> {
    let leaves: Vec<(&&Ident, Vec<&str>)> = words
        .iter()
        .filter(|word| !is_class(word))
        .map(|word| (word, habits::classes_of(word)))
        .filter(|(_, classes)| !classes.is_empty())
        .collect();
    let Some((first, classes)) = leaves.first() else {
        return Ok(());
    };
    let in_all = |class: &&&str| leaves.iter().all(|(_, classes)| classes.contains(*class));
    let (span, leaves, classes) = match classes.iter().find(in_all) {
        Some(class) if leaves.len() > 1 => {
            let words = leaves.iter().map(|(word, _)| word);
            let text = words.clone().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
            (quote!(#(#words)|*), text, vec![*class])
        }
        _ => (first.to_token_stream(), first.to_string(), classes.clone()),
    };
    let patterns: Vec<String> =
        classes.iter().map(|class| format!("`{class}({leaves})`")).collect();
    let message = format!("a leaf is written inside its class: write {}", patterns.join(" or "));
    Err(syn::Error::new_spanned(span, message))
}

/// Refuses names that other libraries use in patterns, such as `Http(404)` or `Err(e)`.
pub(super) fn foreign_class(class: &Ident, inside: Option<&Pat>) -> syn::Result<()> {
    let word = class.to_string();
    if is_class(class) {
        return Ok(());
    }
    let message = match (word.as_str(), inside) {
        ("Err", Some(Pat::Ident(name))) => {
            format!("an arm matches the kind of an error: write `{} @ _`", name.ident)
        }
        ("Err", _) => "an arm matches the kind of an error: write `_`".to_owned(),
        ("Ok" | "Some" | "None", _) => {
            "arms are for errors, and the body is for success: remove this arm".to_owned()
        }
        (_, Some(status)) if habits::means_status(&word) => {
            let status = match status {
                Pat::Lit(_) | Pat::Range(_) | Pat::Or(_) => to_text(status),
                _ => "404".to_owned(),
            };
            format!("the class of a status is `Status`: write `Status({status})`")
        }
        _ => match (habits::status(&word), habits::class(&word)) {
            (Some(status), _) => format!("a status is a number: write `Status({status})`"),
            (None, Some(pattern)) => format!("there is no class `{word}`: write `{pattern}`"),
            (None, None) => match word.strip_suffix("Error") {
                Some(class) if CLASSES.iter().any(|(name, _)| *name == class) => {
                    format!("there is no class `{word}`: write `{class}`")
                }
                _ => return Ok(()),
            },
        },
    };
    Err(syn::Error::new(class.span(), message))
}

/// Refuses `Error::Connect`, `Timeout::Idle`, and `ErrorKind::Timeout` without parentheses.
pub(super) fn path(pat: &Pat) -> syn::Result<()> {
    let (path, is_bare) = match pat {
        Pat::Path(path) if path.qself.is_none() => (&path.path, true),
        Pat::TupleStruct(tuple) if tuple.qself.is_none() => (&tuple.path, false),
        _ => return Ok(()),
    };
    let mut segments = path.segments.iter().rev().map(|segment| &segment.ident);
    let (Some(last), Some(owner)) = (segments.next(), segments.next()) else {
        return Ok(());
    };
    let owner = owner.to_string();
    let owner_class = owner.strip_suffix("Error").unwrap_or(&owner);
    let has_leaves = matches!(without_parens(last), Payload::NoParens { has_payload: true });
    let pattern = match owner.as_str() {
        "ErrorKind" if is_bare && has_leaves => last.to_string(),
        "Error" if is_class(last) => last.to_string(),
        "StatusCode" => match habits::status(&last.to_string()) {
            Some(status) => format!("Status({status})"),
            None => return Ok(()),
        },
        _ if is_bare && habits::classes_of(last).contains(&owner_class) => {
            format!("{owner_class}({last})")
        }
        _ => return Ok(()),
    };
    let message = format!("patterns are written without a path: write `{pattern}`");
    Err(syn::Error::new_spanned(path, message))
}

/// Refuses parentheses that a class does not have: `Timeout()`, `Connect(Dns, Refused)`, `Protocol(_)`.
pub(super) fn payload(class: &Ident, elems: &Punctuated<Pat, Token![,]>) -> syn::Result<()> {
    if is_leaf(class) {
        let message = format!("`{class}` has no leaves: write `{class}`");
        return Err(match elems.is_empty() {
            true => syn::Error::new(class.span(), message),
            false => syn::Error::new_spanned(elems, message),
        });
    }
    match elems.len() {
        _ if !is_class(class) => Ok(()),
        0 => {
            let some = match (class == "Status", habits::leaves_of(class).first()) {
                (false, Some(leaf)) => format!("{class}({leaf})"),
                _ => "Status(404)".to_owned(),
            };
            let message = format!("these parentheses are empty: write `{class}`, or `{some}`");
            Err(syn::Error::new(class.span(), message))
        }
        1 => Ok(()),
        _ => {
            let all = elems.iter().map(to_text).collect::<Vec<_>>().join(" | ");
            let message = format!("alternatives are separated by `|`: write `{class}({all})`");
            Err(syn::Error::new_spanned(elems, message))
        }
    }
}

/// Refuses what means a status, and is no number: `Status(4xx)`, `Status(StatusCode::GONE)`, `Status(NotFound)`.
pub(super) fn status(pat: &Pat) -> syn::Result<()> {
    match pat {
        Pat::Lit(literal) => {
            if let Lit::Int(number) = &literal.lit
                && !number.suffix().is_empty()
                && let Some(range) = status_range(number)
            {
                let message = format!("a range of statuses has two ends: write `{range}`");
                return Err(syn::Error::new(number.span(), message));
            }
        }
        Pat::Path(path) => {
            let mut segments = path.path.segments.iter().rev().map(|segment| &segment.ident);
            if let (Some(last), Some(owner)) = (segments.next(), segments.next())
                && owner == "StatusCode"
                && let Some(status) = habits::status(&last.to_string())
            {
                let message = format!("a status is a number here: write `{status}`");
                return Err(syn::Error::new_spanned(path, message));
            }
        }
        Pat::Ident(name) if !is_binding(name) => {
            let text = name.ident.to_string();
            // In capitals it may be a constant.
            if text.contains(char::is_lowercase)
                && let Some(status) = habits::status(&text)
            {
                let message = format!("a status is a number: write `{status}`");
                return Err(syn::Error::new(name.ident.span(), message));
            }
        }
        _ => {}
    }
    Ok(())
}

/// `Connect(Dns(_))`.
pub(super) fn payload_of_leaf(leaf: &PatTupleStruct) -> syn::Error {
    let word = leaf.path.to_token_stream();
    syn::Error::new_spanned(&leaf.elems, format!("`{word}` has no payload here: write `{word}`"))
}

/// A number or a range as in the source.
fn to_text(pat: &Pat) -> String {
    pat.to_token_stream().to_string().replace(" ..= ", "..=").replace(" .. ", "..")
}
