//! One pattern of `on_error` → what it matches of an error's kind, and the name it gives the error.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Pat, PatIdent, Token};

pub(crate) struct Pattern {
    /// `e` of `e @ PATTERN`, with its `ref` or `mut`.
    pub(crate) error: Option<TokenStream>,
    pub(crate) kind: Kind,
    /// The first token, where an arm that can never run is reported.
    pub(crate) span: Span,
}

pub(crate) enum Kind {
    Any(Token![_]),
    /// One of the classes, or a word that rustc will say is none.
    Class(Ident, Inside),
    Either(Vec<Kind>),
    /// Written out in full, as `ErrorKind::Connect(_)`.
    Written(Pat),
}

/// What stands in the parentheses after a class.
pub(crate) enum Inside {
    /// No parentheses; and whether the class needs them in Rust.
    Left {
        out: bool,
    },
    Leaves(&'static str, Leaf),
    Written(TokenStream),
    Status(Pat),
}

pub(crate) enum Leaf {
    /// A variant of the class's own enum.
    Word(Ident),
    /// `x @ LEAF`, without the leaf.
    Named(TokenStream, Box<Leaf>),
    Either(Vec<Leaf>),
    Written(Pat),
}

/// One of the things that a pattern matches.
pub(crate) struct Part<'a> {
    pub(crate) class: &'a Ident,
    /// The leaf that it is narrowed to.
    pub(crate) leaf: Option<&'a Ident>,
    pub(crate) status: Option<&'a Pat>,
}

impl Part<'_> {
    /// Whether it is within a class, or a leaf of it.
    pub(crate) fn is(&self, class: &str, leaf: Option<&str>) -> bool {
        self.class == class && leaf.is_none_or(|leaf| self.leaf.is_some_and(|found| found == leaf))
    }

    /// The word to remove.
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

/// Each class, and the enum of its leaves when it has one.
const CLASSES: [(&str, Option<&str>); 9] = [
    ("Build", Some("BuildError")),
    ("Connect", Some("ConnectError")),
    ("Timeout", Some("TimeoutError")),
    ("Disconnected", Some("DisconnectedError")),
    ("Protocol", None),
    ("Redirect", Some("RedirectError")),
    ("Status", None),
    ("Body", Some("BodyError")),
    ("Decode", Some("DecodeError")),
];

impl Parse for Pattern {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::LitInt) {
            return Err(input.error("a status is matched by its class: write `Status(404)`"));
        }
        if input.peek(syn::Token![!]) {
            return Err(input.error(
                "a pattern says what it matches, and not what it does not: write the classes, such as \
                 `Connect | Timeout`",
            ));
        }
        let pat = input.call(Pat::parse_multi_with_leading_vert)?;
        let span = pat.span();
        let (error, kind) = top(pat)?;
        Ok(Pattern { error, kind, span })
    }
}

impl Pattern {
    /// Whether it matches every error.
    pub(crate) fn matches_all(&self) -> bool {
        fn all(kind: &Kind) -> bool {
            match kind {
                Kind::Any(_) => true,
                Kind::Either(kinds) => kinds.iter().any(all),
                Kind::Class(..) | Kind::Written(_) => false,
            }
        }
        all(&self.kind)
    }

    /// What it matches, class by class and leaf by leaf.
    pub(crate) fn parts(&self) -> Vec<Part<'_>> {
        fn leaves<'a>(class: &'a Ident, leaf: &'a Leaf, found: &mut Vec<Part<'a>>) {
            match leaf {
                Leaf::Word(word) => found.push(Part { class, leaf: Some(word), status: None }),
                Leaf::Named(_, leaf) => leaves(class, leaf, found),
                Leaf::Either(each) => each.iter().for_each(|leaf| leaves(class, leaf, found)),
                Leaf::Written(_) => found.push(Part { class, leaf: None, status: None }),
            }
        }
        fn collect<'a>(kind: &'a Kind, found: &mut Vec<Part<'a>>) {
            match kind {
                Kind::Either(kinds) => kinds.iter().for_each(|kind| collect(kind, found)),
                Kind::Class(class, Inside::Leaves(_, leaf)) => leaves(class, leaf, found),
                Kind::Class(class, Inside::Status(pat)) => {
                    found.push(Part { class, leaf: None, status: Some(pat) });
                }
                Kind::Class(class, _) => found.push(Part { class, leaf: None, status: None }),
                Kind::Any(_) | Kind::Written(_) => {}
            }
        }
        let mut found = Vec::new();
        collect(&self.kind, &mut found);
        found
    }

    /// The names that it gives to what it finds in a class.
    pub(crate) fn names(&self) -> Vec<Ident> {
        fn of_leaf(leaf: &Leaf, found: &mut Vec<Ident>) {
            match leaf {
                Leaf::Named(name, leaf) => {
                    found.extend(name.clone().into_iter().filter_map(|token| match token {
                        TokenTree::Ident(word) if word != "ref" && word != "mut" => Some(word),
                        _ => None,
                    }));
                    of_leaf(leaf, found);
                }
                Leaf::Either(each) => each.iter().for_each(|leaf| of_leaf(leaf, found)),
                Leaf::Word(_) | Leaf::Written(_) => {}
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
                Kind::Either(kinds) => kinds.iter().for_each(|kind| of_kind(kind, found)),
                Kind::Class(_, Inside::Leaves(_, leaf)) => of_leaf(leaf, found),
                Kind::Class(_, Inside::Status(pat)) => of_status(pat, found),
                Kind::Class(..) | Kind::Any(_) | Kind::Written(_) => {}
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
                Kind::Either(kinds) => kinds.iter().for_each(|kind| collect(kind, found)),
                Kind::Class(_, Inside::Status(pat)) => found.push(pat),
                _ => {}
            }
        }
        let mut found = Vec::new();
        collect(&self.kind, &mut found);
        found
    }
}

fn top(pat: Pat) -> syn::Result<(Option<TokenStream>, Kind)> {
    match pat {
        Pat::Paren(paren) => top(*paren.pat),
        Pat::Ident(name) if is_binding(&name) => {
            let error = binding(&name);
            match name.subpat {
                Some((_, pat)) => Ok((Some(error), kind(*pat)?)),
                None => {
                    no_class(&name.ident)?;
                    Ok((Some(error), Kind::Any(Token![_](name.ident.span()))))
                }
            }
        }
        pat => Ok((None, kind(pat)?)),
    }
}

/// In lower case a class would be a name for every error.
fn no_class(name: &Ident) -> syn::Result<()> {
    let text = name.unraw().to_string();
    match CLASSES.iter().find(|(class, _)| class.eq_ignore_ascii_case(&text)) {
        None => Ok(()),
        Some((class, _)) => Err(syn::Error::new(
            name.span(),
            format!("`{text}` would name every error: write `{class}`, or another name"),
        )),
    }
}

fn kind(pat: Pat) -> syn::Result<Kind> {
    Ok(match pat {
        Pat::Wild(wild) => Kind::Any(wild.underscore_token),
        Pat::Paren(paren) => kind(*paren.pat)?,
        Pat::Or(or) => Kind::Either(or.cases.into_iter().map(kind).collect::<syn::Result<_>>()?),
        Pat::Ident(name) if is_binding(&name) => {
            let name = name.ident;
            no_class(&name)?;
            return Err(syn::Error::new(
                name.span(),
                format!("`{name}` names the error for the whole arm: write `{name} @ (… | …)`"),
            ));
        }
        Pat::Ident(class) => Kind::Class(class.ident.clone(), bare(&class.ident)),
        Pat::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => {
            let class = path.path.require_ident()?.clone();
            Kind::Class(class.clone(), bare(&class))
        }
        Pat::TupleStruct(tuple) if tuple.qself.is_none() && tuple.path.get_ident().is_some() => {
            let class = tuple.path.require_ident()?.clone();
            let inside = inside(&class, tuple.elems)?;
            Kind::Class(class, inside)
        }
        pat => Kind::Written(pat),
    })
}

fn bare(class: &Ident) -> Inside {
    let leaves = class != "Protocol" && CLASSES.iter().any(|(name, _)| class == name);
    Inside::Left { out: leaves }
}

fn inside(
    class: &Ident,
    elems: syn::punctuated::Punctuated<Pat, Token![,]>,
) -> syn::Result<Inside> {
    let leaves = CLASSES.iter().find(|(name, _)| class == name);
    let single = elems.len() == 1;
    Ok(match (leaves, elems.first()) {
        (Some((_, Some(leaves))), Some(pat)) if single => {
            Inside::Leaves(leaves, leaf(pat.clone())?)
        }
        (Some(_), Some(pat)) if single && class == "Status" => Inside::Status(status(pat.clone())),
        _ => Inside::Written(elems.into_token_stream()),
    })
}

/// A word in capitals is a constant: one that there is not would bind, and match every status. As
/// the end of a range it cannot.
fn status(mut pat: Pat) -> Pat {
    match &mut pat {
        Pat::Or(or) => or.cases = std::mem::take(&mut or.cases).into_iter().map(status).collect(),
        Pat::Paren(paren) => *paren.pat = status((*paren.pat).clone()),
        Pat::Ident(name) if !is_binding(name) => {
            let name = &name.ident;
            return syn::parse_quote_spanned!(name.span()=> #name..=#name);
        }
        _ => {}
    }
    pat
}

fn leaf(pat: Pat) -> syn::Result<Leaf> {
    Ok(match pat {
        Pat::Paren(paren) => leaf(*paren.pat)?,
        Pat::Or(or) => Leaf::Either(or.cases.into_iter().map(leaf).collect::<syn::Result<_>>()?),
        Pat::Ident(name) if is_binding(&name) => {
            let prefix = binding(&name);
            match name.subpat {
                Some((_, pat)) => Leaf::Named(prefix, Box::new(leaf(*pat)?)),
                None => Leaf::Written(Pat::Ident(name)),
            }
        }
        Pat::TupleStruct(tuple) if tuple.path.get_ident().is_some() => {
            let word = tuple.path.require_ident()?;
            return Err(syn::Error::new_spanned(
                tuple.elems.clone(),
                format!("`{word}` has nothing below it here: write `{word}`"),
            ));
        }
        Pat::Ident(word) => Leaf::Word(word.ident),
        Pat::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => {
            Leaf::Word(path.path.require_ident()?.clone())
        }
        pat => Leaf::Written(pat),
    })
}

/// A name that starts in lower case binds, as everywhere in Rust; `Dns` is a word of ours.
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
