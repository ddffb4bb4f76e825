//! A pattern of `on_error` → the kinds of errors that it matches, and its name for the error.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Lit, Pat, PatIdent, Token};

use crate::habits;

#[derive(Clone)]
pub(crate) struct Pattern {
    /// `e` of `e @ PATTERN`, with its `ref` or `mut`.
    pub(crate) binding: Option<TokenStream>,
    pub(crate) kind: Kind,
    /// The first token. rustc reports an unreachable arm there.
    pub(crate) span: Span,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Any(Token![_]),
    /// A class, or an unknown word, which rustc reports.
    Class(Ident, Payload),
    Or(Vec<Kind>),
    /// A full path, such as `ErrorKind::Connect(_)`.
    Verbatim(Pat),
}

/// The parentheses after a class.
#[derive(Clone)]
pub(crate) enum Payload {
    /// None. `has_payload` if the variant has a payload, so that Rust needs them.
    NoParens {
        has_payload: bool,
    },
    Leaves(&'static str, Leaf),
    Verbatim(TokenStream),
    Status(Pat),
}

#[derive(Clone)]
pub(crate) enum Leaf {
    /// A variant of the class's enum.
    Variant(Ident),
    /// `x @ LEAF`: the tokens of the binding, and the leaf.
    Binding(TokenStream, Box<Leaf>),
    Or(Vec<Leaf>),
    Verbatim(Pat),
}

/// One alternative of a pattern.
pub(crate) struct Alternative<'a> {
    pub(crate) class: &'a Ident,
    /// The leaf, if the pattern names one.
    pub(crate) leaf: Option<&'a Ident>,
    pub(crate) status: Option<&'a Pat>,
}

impl Alternative<'_> {
    /// Whether it matches only errors of the class, or of the leaf if one is given.
    pub(crate) fn is(&self, class: &str, leaf: Option<&str>) -> bool {
        self.class == class && leaf.is_none_or(|leaf| self.leaf.is_some_and(|found| found == leaf))
    }

    /// The word that a message asks to remove.
    pub(crate) fn span(&self) -> Span {
        self.leaf.unwrap_or(self.class).span()
    }

    pub(crate) fn name(&self) -> String {
        let class = self.class;
        match (self.leaf, self.status) {
            (Some(leaf), _) => format!("{class}({leaf})"),
            (None, Some(_)) => format!("{class}(…)"),
            (None, None) => class.to_string(),
        }
    }
}

/// Each class, and the enum of its leaves if it has leaves.
const CLASSES: [(&str, Option<&str>); 10] = [
    ("Build", Some("BuildError")),
    ("Credentials", None),
    ("Connect", Some("ConnectError")),
    ("Timeout", Some("TimeoutError")),
    ("Disconnected", Some("DisconnectedError")),
    ("Protocol", None),
    ("Redirect", Some("RedirectError")),
    ("Status", None),
    ("Body", Some("BodyError")),
    ("Decode", Some("DecodeError")),
];

/// The classes that are a leaf themselves.
const LEAFLESS: [&str; 2] = ["Credentials", "Protocol"];

impl Parse for Pattern {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if let Ok(status) = input.fork().parse::<syn::LitInt>() {
            let status = status_range(&status).unwrap_or_else(|| "404".to_owned());
            let message =
                format!("a status is matched by the class `Status`: write `Status({status})`");
            return Err(syn::Error::new(input.span(), message));
        }
        refuse_comparison(input)?;
        if input.peek(syn::Token![!]) {
            return Err(input.error(
                "a pattern cannot be negated: write the classes to match, such as \
                 `Connect | Timeout`",
            ));
        }
        let pat = match input.fork().call(Pat::parse_multi_with_leading_vert) {
            Ok(_) => input.call(Pat::parse_multi_with_leading_vert)?,
            Err(error) => return Err(not_a_pattern(input, error)),
        };
        let span = pat.span();
        let (binding, kind) = split_binding(pat)?;
        Ok(Pattern { binding, kind, span })
    }
}

impl Pattern {
    /// Whether it matches every error.
    pub(crate) fn matches_all(&self) -> bool {
        fn all(kind: &Kind) -> bool {
            match kind {
                Kind::Any(_) => true,
                Kind::Or(kinds) => kinds.iter().any(all),
                Kind::Class(..) | Kind::Verbatim(_) => false,
            }
        }
        all(&self.kind)
    }

    /// The name, if the pattern is nothing but a name.
    pub(crate) fn bare_binding(&self) -> Option<&TokenStream> {
        match &self.kind {
            Kind::Any(_) => self.binding.as_ref(),
            _ => None,
        }
    }

    /// The class, if the pattern is nothing but a class.
    pub(crate) fn class(&self) -> Option<&Ident> {
        match (&self.kind, &self.binding) {
            (Kind::Class(class, Payload::NoParens { .. }), None) => Some(class),
            _ => None,
        }
    }

    /// The pattern as text, with a binding for the error.
    pub(crate) fn with_binding(&self, name: &str) -> String {
        match &self.kind {
            Kind::Any(_) => format!("{name} @ _"),
            Kind::Class(class, Payload::NoParens { .. }) => format!("{name} @ {class}"),
            Kind::Class(class, _) => format!("{name} @ {class}(…)"),
            Kind::Or(_) | Kind::Verbatim(_) => format!("{name} @ (…)"),
        }
    }

    /// The classes and leaves that it names.
    pub(crate) fn alternatives(&self) -> Vec<Alternative<'_>> {
        fn leaves<'a>(class: &'a Ident, leaf: &'a Leaf, found: &mut Vec<Alternative<'a>>) {
            match leaf {
                Leaf::Variant(word) => {
                    found.push(Alternative { class, leaf: Some(word), status: None })
                }
                Leaf::Binding(_, leaf) => leaves(class, leaf, found),
                Leaf::Or(each) => each.iter().for_each(|leaf| leaves(class, leaf, found)),
                Leaf::Verbatim(pat) => {
                    found.push(Alternative { class, leaf: last_word(pat), status: None })
                }
            }
        }
        fn collect<'a>(kind: &'a Kind, found: &mut Vec<Alternative<'a>>) {
            match kind {
                Kind::Or(kinds) => kinds.iter().for_each(|kind| collect(kind, found)),
                Kind::Class(class, Payload::Leaves(_, leaf)) => leaves(class, leaf, found),
                Kind::Class(class, Payload::Status(pat)) => {
                    found.push(Alternative { class, leaf: None, status: Some(pat) });
                }
                Kind::Class(class, _) => {
                    found.push(Alternative { class, leaf: None, status: None })
                }
                Kind::Any(_) | Kind::Verbatim(_) => {}
            }
        }
        let mut found = Vec::new();
        collect(&self.kind, &mut found);
        found
    }

    /// The names that it binds inside the parentheses of a class.
    pub(crate) fn payload_bindings(&self) -> Vec<Ident> {
        fn of_leaf(leaf: &Leaf, found: &mut Vec<Ident>) {
            match leaf {
                Leaf::Binding(name, leaf) => {
                    found.extend(name.clone().into_iter().filter_map(|token| match token {
                        TokenTree::Ident(word) if word != "ref" && word != "mut" => Some(word),
                        _ => None,
                    }));
                    of_leaf(leaf, found);
                }
                Leaf::Or(each) => each.iter().for_each(|leaf| of_leaf(leaf, found)),
                Leaf::Variant(_) | Leaf::Verbatim(_) => {}
            }
        }
        fn of_status(pat: &Pat, found: &mut Vec<Ident>) {
            match pat {
                Pat::Ident(name) if is_binding(name) => {
                    found.push(name.ident.clone());
                    if let Some((_, pat)) = &name.subpat {
                        of_status(pat, found);
                    }
                }
                Pat::Or(or) => or.cases.iter().for_each(|pat| of_status(pat, found)),
                Pat::Paren(paren) => of_status(&paren.pat, found),
                _ => {}
            }
        }
        fn of_kind(kind: &Kind, found: &mut Vec<Ident>) {
            match kind {
                Kind::Or(kinds) => kinds.iter().for_each(|kind| of_kind(kind, found)),
                Kind::Class(_, Payload::Leaves(_, leaf)) => of_leaf(leaf, found),
                Kind::Class(_, Payload::Status(pat)) => of_status(pat, found),
                Kind::Class(..) | Kind::Any(_) | Kind::Verbatim(_) => {}
            }
        }
        let mut found = Vec::new();
        of_kind(&self.kind, &mut found);
        found
    }

    /// The patterns of all the `Status(…)` in it.
    pub(crate) fn statuses(&self) -> Vec<&Pat> {
        fn collect<'a>(kind: &'a Kind, found: &mut Vec<&'a Pat>) {
            match kind {
                Kind::Or(kinds) => kinds.iter().for_each(|kind| collect(kind, found)),
                Kind::Class(_, Payload::Status(pat)) => found.push(pat),
                _ => {}
            }
        }
        let mut found = Vec::new();
        collect(&self.kind, &mut found);
        found
    }
}

impl Kind {
    /// The kind as a class, if it is the full path of one.
    pub(crate) fn of_path(pat: &Pat) -> Option<Kind> {
        match pat {
            Pat::Path(_) => {
                let class = last_word(pat).filter(|class| is_class(class))?;
                Some(Kind::Class(class.clone(), without_parens(class)))
            }
            Pat::TupleStruct(tuple) => {
                let class = &tuple.path.segments.last()?.ident;
                let payload = payload(class, tuple.elems.clone()).ok()?;
                is_class(class).then(|| Kind::Class(class.clone(), payload))
            }
            _ => None,
        }
    }

    /// Without the alternatives that are not kept; `None` without any.
    pub(crate) fn retain(&self, keep: &impl Fn(&Alternative<'_>) -> bool) -> Option<Kind> {
        match self {
            Kind::Any(_) | Kind::Verbatim(_) => Some(self.clone()),
            Kind::Or(kinds) => {
                one_or(kinds.iter().filter_map(|kind| kind.retain(keep)).collect(), Kind::Or)
            }
            Kind::Class(class, Payload::Leaves(leaves, leaf)) => {
                let leaf = leaf.retain(class, keep)?;
                Some(Kind::Class(class.clone(), Payload::Leaves(leaves, leaf)))
            }
            Kind::Class(class, payload) => {
                let status = match payload {
                    Payload::Status(pat) => Some(pat),
                    _ => None,
                };
                keep(&Alternative { class, leaf: None, status }).then(|| self.clone())
            }
        }
    }
}

impl Leaf {
    fn retain(&self, class: &Ident, keep: &impl Fn(&Alternative<'_>) -> bool) -> Option<Leaf> {
        let alone = |leaf| keep(&Alternative { class, leaf, status: None }).then(|| self.clone());
        match self {
            Leaf::Variant(word) => alone(Some(word)),
            Leaf::Verbatim(pat) => alone(last_word(pat)),
            Leaf::Binding(name, leaf) => {
                Some(Leaf::Binding(name.clone(), Box::new(leaf.retain(class, keep)?)))
            }
            Leaf::Or(each) => {
                let kept = each.iter().filter_map(|leaf| leaf.retain(class, keep)).collect();
                one_or(kept, Leaf::Or)
            }
        }
    }
}

/// None, the only element, or all of them as alternatives.
pub(crate) fn one_or<T>(mut kept: Vec<T>, or: impl FnOnce(Vec<T>) -> T) -> Option<T> {
    match kept.len() {
        0 | 1 => kept.pop(),
        _ => Some(or(kept)),
    }
}

/// `Idle` of `TimeoutError::Idle`.
pub(crate) fn last_word(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

/// The message for an invalid pattern, and for `else => …`.
fn not_a_pattern(input: ParseStream<'_>, error: syn::Error) -> syn::Error {
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
fn refuse_comparison(input: ParseStream<'_>) -> syn::Result<()> {
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

fn split_binding(pat: Pat) -> syn::Result<(Option<TokenStream>, Kind)> {
    match pat {
        Pat::Paren(paren) => split_binding(*paren.pat),
        Pat::Ident(name) if is_binding(&name) => {
            let error = binding(&name);
            match name.subpat {
                Some((_, pat)) => Ok((Some(error), kind(*pat)?)),
                None => {
                    refuse_lowercase_class(&name.ident)?;
                    Ok((Some(error), Kind::Any(Token![_](name.ident.span()))))
                }
            }
        }
        pat => Ok((None, kind(pat)?)),
    }
}

/// Refuses a class in lower case: it would bind every error.
fn refuse_lowercase_class(name: &Ident) -> syn::Result<()> {
    let text = name.unraw().to_string();
    match CLASSES.iter().find(|(class, _)| class.eq_ignore_ascii_case(&text)) {
        None => Ok(()),
        Some((class, _)) => Err(syn::Error::new(
            name.span(),
            format!("`{text}` would bind every error: write `{class}`, or another name"),
        )),
    }
}

fn kind(pat: Pat) -> syn::Result<Kind> {
    if let Some(class) = single_word(&pat) {
        refuse_leaves_without_class(&[class])?;
        refuse_foreign_class(class, None)?;
        return Ok(Kind::Class(class.clone(), without_parens(class)));
    }
    Ok(match pat {
        Pat::Wild(wild) => Kind::Any(wild.underscore_token),
        Pat::Paren(paren) => kind(*paren.pat)?,
        Pat::Or(or) => {
            refuse_leaves_without_class(
                &or.cases.iter().filter_map(single_word).collect::<Vec<_>>(),
            )?;
            Kind::Or(or.cases.into_iter().map(kind).collect::<syn::Result<_>>()?)
        }
        // This is a binding: any other word has no `@`.
        Pat::Ident(name) => {
            let name = name.ident;
            refuse_lowercase_class(&name)?;
            return Err(syn::Error::new(
                name.span(),
                format!(
                    "`{name}` has to bind the error of every alternative: write `{name} @ (… | …)`"
                ),
            ));
        }
        Pat::TupleStruct(tuple) if tuple.qself.is_none() && tuple.path.get_ident().is_some() => {
            let class = tuple.path.require_ident()?.clone();
            refuse_foreign_class(&class, tuple.elems.first())?;
            let payload = payload(&class, tuple.elems)?;
            Kind::Class(class, payload)
        }
        pat => {
            refuse_path(&pat)?;
            Kind::Verbatim(pat)
        }
    })
}

/// The word, if the pattern is a single word that is not a binding.
fn single_word(pat: &Pat) -> Option<&Ident> {
    match pat {
        Pat::Ident(name) if !is_binding(name) => Some(&name.ident),
        Pat::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

fn is_class(word: &Ident) -> bool {
    CLASSES.iter().any(|(class, _)| word == class)
}

/// Refuses leaves without their class, such as `Dns | Refused`.
fn refuse_leaves_without_class(words: &[&Ident]) -> syn::Result<()> {
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
fn refuse_foreign_class(class: &Ident, inside: Option<&Pat>) -> syn::Result<()> {
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
fn refuse_path(pat: &Pat) -> syn::Result<()> {
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

/// A number or a range as in the source.
fn to_text(pat: &Pat) -> String {
    pat.to_token_stream().to_string().replace(" ..= ", "..=").replace(" .. ", "..")
}

fn without_parens(class: &Ident) -> Payload {
    let leaves =
        !LEAFLESS.iter().any(|name| class == name) && CLASSES.iter().any(|(name, _)| class == name);
    Payload::NoParens { has_payload: leaves }
}

fn payload(
    class: &Ident,
    elems: syn::punctuated::Punctuated<Pat, Token![,]>,
) -> syn::Result<Payload> {
    let leaves = CLASSES.iter().find(|(name, _)| class == name);
    let single = elems.len() == 1;
    if leaves.is_some() && elems.is_empty() && !LEAFLESS.iter().any(|name| class == name) {
        let some = match (class == "Status", habits::leaves_of(class).first()) {
            (false, Some(leaf)) => format!("{class}({leaf})"),
            _ => "Status(404)".to_owned(),
        };
        let message = format!("these parentheses are empty: write `{class}`, or `{some}`");
        return Err(syn::Error::new(class.span(), message));
    }
    if leaves.is_some() && elems.len() > 1 {
        let all = elems.iter().map(to_text).collect::<Vec<_>>().join(" | ");
        let message = format!("alternatives are separated by `|`: write `{class}({all})`");
        return Err(syn::Error::new_spanned(elems, message));
    }
    if LEAFLESS.iter().any(|name| class == name) {
        let message = format!("`{class}` has no leaves: write `{class}`");
        return Err(match elems.is_empty() {
            true => syn::Error::new(class.span(), message),
            false => syn::Error::new_spanned(elems, message),
        });
    }
    Ok(match (leaves, elems.first()) {
        (Some((_, Some(leaves))), Some(pat)) if single => {
            Payload::Leaves(leaves, leaf(pat.clone())?)
        }
        (Some(_), Some(pat)) if single && class == "Status" => {
            Payload::Status(status(pat.clone())?)
        }
        _ => Payload::Verbatim(elems.into_token_stream()),
    })
}

/// A pattern for the status. A word in capitals becomes a path, `GONE::<>`: a plain word that names no
/// constant would bind, and match every status.
fn status(mut pat: Pat) -> syn::Result<Pat> {
    match &mut pat {
        Pat::Or(or) => {
            let cases = std::mem::take(&mut or.cases);
            or.cases = cases.into_iter().map(status).collect::<syn::Result<_>>()?;
        }
        Pat::Paren(paren) => *paren.pat = status((*paren.pat).clone())?,
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
            let name = &name.ident;
            let text = name.to_string();
            // In capitals it may be a constant.
            if text.contains(char::is_lowercase)
                && let Some(status) = habits::status(&text)
            {
                let message = format!("a status is a number: write `{status}`");
                return Err(syn::Error::new(name.span(), message));
            }
            return Ok(syn::parse_quote_spanned!(name.span()=> #name::<>));
        }
        _ => {}
    }
    Ok(pat)
}

fn leaf(pat: Pat) -> syn::Result<Leaf> {
    Ok(match pat {
        Pat::Paren(paren) => leaf(*paren.pat)?,
        Pat::Or(or) => Leaf::Or(or.cases.into_iter().map(leaf).collect::<syn::Result<_>>()?),
        Pat::Ident(name) if is_binding(&name) => {
            let prefix = binding(&name);
            match name.subpat {
                Some((_, pat)) => Leaf::Binding(prefix, Box::new(leaf(*pat)?)),
                None => Leaf::Verbatim(Pat::Ident(name)),
            }
        }
        Pat::TupleStruct(tuple) if tuple.path.get_ident().is_some() => {
            let word = tuple.path.require_ident()?;
            return Err(syn::Error::new_spanned(
                tuple.elems.clone(),
                format!("`{word}` has no payload here: write `{word}`"),
            ));
        }
        Pat::Ident(word) => Leaf::Variant(word.ident),
        Pat::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => {
            Leaf::Variant(path.path.require_ident()?.clone())
        }
        pat => Leaf::Verbatim(pat),
    })
}

/// A name in lower case is a binding, by Rust's convention. `Dns` is a leaf.
fn is_binding(name: &PatIdent) -> bool {
    name.subpat.is_some()
        || name.by_ref.is_some()
        || name.mutability.is_some()
        || !name.ident.to_string().starts_with(char::is_uppercase)
}

fn binding(name: &PatIdent) -> TokenStream {
    let PatIdent { by_ref, mutability, ident, .. } = name;
    quote!(#by_ref #mutability #ident)
}
