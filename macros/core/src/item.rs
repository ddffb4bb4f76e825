//! The tokens under the attribute → the function's signature, its `#[response]` arguments, and its
//! body.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, FnArg, Meta, Pat, PatType, ReturnType, Signature, Token, Type, Visibility};

use crate::boxed;
use crate::habits;
use crate::scan::has_ident;
use crate::suggest::nearest;

pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    /// Without the `#[response]` arguments.
    pub(crate) sig: Signature,
    pub(crate) responses: Vec<ResponseArg>,
    /// `None` for a function that ends in `;`.
    pub(crate) body: Option<Body>,
    /// The span of the braces or of the `;`.
    pub(crate) end: Span,
    pub(crate) form: Form,
    /// Other `#[request]` attributes on the same function.
    pub(crate) requests: Vec<Attribute>,
    /// Misspellings of `#[response]`.
    pub(crate) misspelt: Vec<Ident>,
    /// Attributes of other libraries on arguments, such as `#[json]`.
    pub(crate) foreign: Vec<Ident>,
    /// `#[response]` on `self`.
    pub(crate) response_self: Option<Attribute>,
}

/// How the function is written. `sig` always has the original, which is `async`.
pub(crate) enum Form {
    /// `async fn`.
    Async,
    /// A function that `#[async_trait]` has rewritten, with this return type. Its body is boxed.
    Boxed(ReturnType),
    /// A function with the return type `impl Future`. Its body is an `async` block.
    Future(ReturnType),
}

/// An argument that is read from the response.
pub(crate) struct ResponseArg {
    pub(crate) attr: Attribute,
    /// Its other attributes: rustc accepts only lint attributes on arguments.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) pat: Pat,
    pub(crate) ty: Type,
}

/// The body, which is never parsed: rustc reports its mistakes better.
pub(crate) struct Body {
    pub(crate) tokens: TokenStream,
    /// The braces.
    pub(crate) span: Span,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        Self::after_attributes(attrs, input)
    }
}

/// Whether an attribute is `#[request]`, by whatever path.
pub(crate) fn is_request(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "request")
}

impl Item {
    /// Parses the rest of the function.
    pub(crate) fn after_attributes(
        mut attrs: Vec<Attribute>,
        input: ParseStream<'_>,
    ) -> syn::Result<Self> {
        let vis = input.parse()?;
        if !begins_function(input) {
            return Err(input.error("`#[request]` goes on an `async fn`: remove it, or write one"));
        }
        let mut sig: Signature = input.parse()?;
        let (body, end) = if input.peek(Token![;]) {
            (None, input.parse::<Token![;]>()?.span)
        } else {
            let content = input.parse().and_then(braces)?;
            let (inner, tokens) = syn::parse::Parser::parse2(body, content.stream())?;
            attrs.extend(inner);
            (Some(Body { tokens, span: content.span() }), content.span())
        };
        let requests = attrs.extract_if(.., |attr| is_request(attr)).collect();
        let mut response_self = None;
        let mut responses = Vec::new();
        let mut inputs = Punctuated::new();
        let mut misspelt = Vec::new();
        let mut foreign = Vec::new();
        for mut argument in std::mem::take(&mut sig.inputs) {
            let response = take_helpers(&mut argument, &mut misspelt, &mut foreign);
            match (argument, response) {
                (FnArg::Typed(argument), Some(attr)) => {
                    let PatType { attrs, pat, ty, .. } = argument;
                    responses.push(ResponseArg { attr, attrs, pat: *pat, ty: *ty });
                }
                (argument, response) => {
                    response_self = response_self.or(response);
                    inputs.push(argument);
                }
            }
        }
        sig.inputs = inputs;
        let item = Item {
            attrs,
            vis,
            sig,
            responses,
            body,
            end,
            form: Form::Async,
            requests,
            misspelt,
            foreign,
            response_self,
        };
        Ok(item.unboxed())
    }
}

impl Item {
    /// The original function, if `#[async_trait]` has rewritten it.
    fn unboxed(mut self) -> Self {
        let Some(output) = boxed::original_output(&self.sig.output) else {
            return self;
        };
        if let Some(body) = &mut self.body {
            let Some(written) = boxed::original(&body.tokens) else {
                return self;
            };
            body.tokens = written.body;
            for (name, pat) in written.patterns {
                let is_its = |other: &Pat| matches!(other, Pat::Ident(other) if name.path.is_ident(&other.ident));
                let arguments = self.sig.inputs.iter_mut().filter_map(|argument| match argument {
                    FnArg::Typed(argument) => Some(&mut *argument.pat),
                    FnArg::Receiver(_) => None,
                });
                let responses = self.responses.iter_mut().map(|response| &mut response.pat);
                if let Some(argument) = arguments.chain(responses).find(|other| is_its(other)) {
                    *argument = pat;
                }
            }
        }
        let span = self.sig.fn_token.span;
        let written = ReturnType::Type(Token![->](span), Box::new(output));
        self.form = Form::Boxed(std::mem::replace(&mut self.sig.output, written));
        self.sig.asyncness = Some(Token![async](span));
        self
    }
}

fn begins_function(input: ParseStream<'_>) -> bool {
    input.is_empty()
        || input.peek(Token![fn])
        || input.peek(Token![async])
        || (input.peek(Token![const])
            && (input.peek2(Token![fn])
                || input.peek2(Token![async])
                || input.peek2(Token![unsafe])
                || input.peek2(Token![extern])))
        || input.peek(Token![unsafe])
        || input.peek(Token![extern])
}

/// The block of a function. A `$body:block` of `macro_rules!` is in a group without braces.
fn braces(tree: TokenTree) -> syn::Result<Group> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut inside = group.stream().into_iter();
            match (inside.next(), inside.next()) {
                (Some(tree), None) => braces(tree),
                _ => Err(no_body(&group)),
            }
        }
        other => Err(no_body(&other)),
    }
}

fn no_body(tokens: &impl quote::ToTokens) -> syn::Error {
    syn::Error::new_spanned(tokens, "expected the function's body, `{ … }`, or `;`")
}

fn body(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    // Generated statements would come before them, and they mean the same on the function.
    let inner = input.call(Attribute::parse_inner)?;
    let outer =
        inner.into_iter().map(|attr| Attribute { style: syn::AttrStyle::Outer, ..attr }).collect();
    Ok((outer, input.parse()?))
}

/// Removes the attributes that rustc does not accept on an argument: docs, and `#[response]`, which is
/// returned.
fn take_helpers(
    argument: &mut FnArg,
    misspelt: &mut Vec<Ident>,
    foreign: &mut Vec<Ident>,
) -> Option<Attribute> {
    let attrs = match argument {
        FnArg::Receiver(receiver) => &mut receiver.attrs,
        FnArg::Typed(argument) => &mut argument.attrs,
    };
    let mut response = None;
    for attr in std::mem::take(attrs) {
        let conditional = attr.path().is_ident("cfg_attr") && has_ident(&attr.meta, "response");
        if attr.path().is_ident("response") || conditional {
            response = response.or(Some(attr));
        } else if let Some(word) = attr.path().get_ident()
            && nearest(&word.to_string(), ["response"]).is_some()
        {
            misspelt.push(word.clone());
            response = response.or(Some(attr));
        } else if let Some(word) = attr.path().get_ident()
            && habits::argument_attribute(&word.to_string()).is_some()
        {
            foreign.push(word.clone());
        } else if !attr.path().is_ident("doc") {
            attrs.push(attr);
        }
    }
    response
}

impl Item {
    /// The return type, or `None` for `()`.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => match without_groups(ty) {
                Type::Tuple(tuple) if tuple.elems.is_empty() => None,
                ty => Some(ty),
            },
        }
    }

    /// Whether an attribute above, such as `#[tokio::test]`, has removed `async`: the body then blocks on
    /// an `async` block, or the return type is a boxed future.
    pub(crate) fn is_rewritten(&self) -> bool {
        if self.sig.asyncness.is_some() || self.sig.constness.is_some() {
            return false;
        }
        let output = self.output().map(ToTokens::to_token_stream).unwrap_or_default();
        let boxed = has_ident(&output, "Pin") && has_ident(&output, "Future");
        let blocks = self.body.as_ref().is_some_and(|body| {
            let has = |word| has_ident(&body.tokens, word);
            has("async") && (has("block_on") || has("Runtime"))
        });
        boxed || blocks
    }

    /// The names that the arguments bind, each with its argument.
    pub(crate) fn bindings(&self) -> Vec<(Ident, &syn::PatType)> {
        let mut found = Vec::new();
        for argument in &self.sig.inputs {
            if let FnArg::Typed(argument) = argument {
                let mut names = Vec::new();
                bound_by(&argument.pat, &mut names);
                found.extend(names.into_iter().map(|name| (name, argument)));
            }
        }
        found
    }
}

impl Body {
    /// The body in its braces.
    pub(crate) fn braces(&self) -> Group {
        let mut block = Group::new(Delimiter::Brace, self.tokens.clone());
        block.set_span(self.span);
        block
    }
}

impl ResponseArg {
    pub(crate) fn bindings(&self) -> Vec<Ident> {
        bindings_of(&self.pat)
    }

    pub(crate) fn has_arguments(&self) -> bool {
        !matches!(self.attr.meta, Meta::Path(_))
    }
}

/// The type under the invisible groups that `$ty:ty` leaves around it.
fn without_groups(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => without_groups(&group.elem),
        ty => ty,
    }
}

/// Whether a pattern may be refutable, judged by form.
pub(crate) fn may_be_refutable(pat: &Pat) -> bool {
    match pat {
        Pat::Wild(_) | Pat::Rest(_) => false,
        Pat::Ident(ident) => ident.subpat.iter().any(|(_, pat)| may_be_refutable(pat)),
        Pat::Tuple(tuple) => tuple.elems.iter().any(may_be_refutable),
        Pat::TupleStruct(tuple) => {
            let json = tuple.path.segments.last().is_some_and(|last| last.ident == "Json");
            !json || tuple.elems.iter().any(may_be_refutable)
        }
        Pat::Paren(paren) => may_be_refutable(&paren.pat),
        Pat::Reference(reference) => may_be_refutable(&reference.pat),
        _ => true,
    }
}

/// The names that a pattern binds.
pub(crate) fn bindings_of(pat: &Pat) -> Vec<Ident> {
    let mut names = Vec::new();
    bound_by(pat, &mut names);
    names
}

fn bound_by(pat: &Pat, names: &mut Vec<Ident>) {
    let mut all = |pats: &Punctuated<Pat, Token![,]>| {
        for pat in pats {
            bound_by(pat, names);
        }
    };
    match pat {
        Pat::Tuple(tuple) => all(&tuple.elems),
        Pat::TupleStruct(tuple) => all(&tuple.elems),
        Pat::Slice(slice) => all(&slice.elems),
        Pat::Struct(fields) => {
            for field in &fields.fields {
                bound_by(&field.pat, names);
            }
        }
        Pat::Ident(ident) => {
            names.push(ident.ident.clone());
            if let Some((_, pat)) = &ident.subpat {
                bound_by(pat, names);
            }
        }
        Pat::Paren(paren) => bound_by(&paren.pat, names),
        Pat::Reference(reference) => bound_by(&reference.pat, names),
        Pat::Type(typed) => bound_by(&typed.pat, names),
        _ => {}
    }
}
