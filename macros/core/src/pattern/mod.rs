//! A pattern of `on_error`: the kinds of errors that it matches, and its name for the error.
//!
//! `parse.rs` parses it, and `refuse.rs` has the messages for invalid ones.

mod parse;
mod refuse;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{Pat, PatIdent, Token};

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
                let payload = parse::payload(class, tuple.elems.clone()).ok()?;
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

fn is_class(word: &Ident) -> bool {
    CLASSES.iter().any(|(class, _)| word == class)
}

/// Whether the class is a leaf itself.
fn is_leaf(class: &Ident) -> bool {
    LEAFLESS.iter().any(|name| class == name)
}

fn without_parens(class: &Ident) -> Payload {
    Payload::NoParens { has_payload: is_class(class) && !is_leaf(class) }
}

/// A name in lower case is a binding, by Rust's convention. `Dns` is a leaf.
fn is_binding(name: &PatIdent) -> bool {
    name.subpat.is_some()
        || name.by_ref.is_some()
        || name.mutability.is_some()
        || !name.ident.to_string().starts_with(char::is_uppercase)
}
