//! The tokens of a pattern → [`Pattern`].

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Pat, PatIdent, Token};

use super::{CLASSES, Kind, Leaf, Pattern, Payload, is_binding, refuse, without_parens};

impl Parse for Pattern {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        refuse::status_alone(input)?;
        refuse::comparison(input)?;
        refuse::negation(input)?;
        let pat = match input.fork().call(Pat::parse_multi_with_leading_vert) {
            Ok(_) => input.call(Pat::parse_multi_with_leading_vert)?,
            Err(error) => return Err(refuse::unreadable(input, error)),
        };
        let span = pat.span();
        let (binding, kind) = split_binding(pat)?;
        Ok(Pattern { binding, kind, span })
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
                    refuse::lowercase_class(&name.ident)?;
                    Ok((Some(error), Kind::Any(Token![_](name.ident.span()))))
                }
            }
        }
        pat => Ok((None, kind(pat)?)),
    }
}

fn kind(pat: Pat) -> syn::Result<Kind> {
    if let Some(class) = single_word(&pat) {
        refuse::leaves_without_class(&[class])?;
        refuse::foreign_class(class, None)?;
        return Ok(Kind::Class(class.clone(), without_parens(class)));
    }
    Ok(match pat {
        Pat::Wild(wild) => Kind::Any(wild.underscore_token),
        Pat::Paren(paren) => kind(*paren.pat)?,
        Pat::Or(or) => {
            refuse::leaves_without_class(
                &or.cases.iter().filter_map(single_word).collect::<Vec<_>>(),
            )?;
            Kind::Or(or.cases.into_iter().map(kind).collect::<syn::Result<_>>()?)
        }
        // This is a binding: any other word has no `@`.
        Pat::Ident(name) => {
            refuse::lowercase_class(&name.ident)?;
            return Err(refuse::binding_in_an_alternative(&name.ident));
        }
        Pat::TupleStruct(tuple) if tuple.qself.is_none() && tuple.path.get_ident().is_some() => {
            let class = tuple.path.require_ident()?.clone();
            refuse::foreign_class(&class, tuple.elems.first())?;
            let payload = payload(&class, tuple.elems)?;
            Kind::Class(class, payload)
        }
        pat => {
            refuse::path(&pat)?;
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

pub(super) fn payload(class: &Ident, elems: Punctuated<Pat, Token![,]>) -> syn::Result<Payload> {
    refuse::payload(class, &elems)?;
    let leaves = CLASSES.iter().find(|(name, _)| class == name);
    Ok(match (leaves, elems.first()) {
        (Some((_, Some(leaves))), Some(pat)) => Payload::Leaves(leaves, leaf(pat.clone())?),
        (Some(_), Some(pat)) if class == "Status" => Payload::Status(status(pat.clone())?),
        _ => Payload::Verbatim(elems.into_token_stream()),
    })
}

/// A pattern for the status. A word in capitals becomes a path, `GONE::<>`: a plain word that names no
/// constant would bind, and match every status.
fn status(mut pat: Pat) -> syn::Result<Pat> {
    refuse::status(&pat)?;
    match &mut pat {
        Pat::Or(or) => {
            let cases = std::mem::take(&mut or.cases);
            or.cases = cases.into_iter().map(status).collect::<syn::Result<_>>()?;
        }
        Pat::Paren(paren) => *paren.pat = status((*paren.pat).clone())?,
        Pat::Ident(name) if !is_binding(name) => {
            let name = &name.ident;
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
            return Err(refuse::payload_of_leaf(&tuple));
        }
        Pat::Ident(word) => Leaf::Variant(word.ident),
        Pat::Path(path) if path.qself.is_none() && path.path.get_ident().is_some() => {
            Leaf::Variant(path.path.require_ident()?.clone())
        }
        pat => Leaf::Verbatim(pat),
    })
}

fn binding(name: &PatIdent) -> TokenStream {
    let PatIdent { by_ref, mutability, ident, .. } = name;
    quote!(#by_ref #mutability #ident)
}
