//! `#[requests(KEYS)]` on an `impl`, an inline `mod` or a `trait` → the same item, whose functions with
//! `#[request]` are expanded with these keys as well.
//!
//! The keys are read once. The tokens between the functions are not parsed.

mod cover;
mod merge;

use proc_macro2::{Delimiter, Group as Braces, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Generics, Meta, ReceiverKind, ReturnType, Token, Visibility, token};

use crate::args::{self, Named, Shared};
use crate::check::group as rules;
use crate::errors::Errors;
use crate::fallback;
use crate::item::{Form, Item, is_request};
use crate::scan::has_ident;

/// An item with braces, and its contents.
struct Group {
    attrs: Vec<Attribute>,
    /// The keyword: `impl`, `mod` or `trait`.
    keyword: Ident,
    /// The tokens from the visibility to the braces.
    head: TokenStream,
    /// For a trait: its name and generics, and the tokens after them. The bounds go in between.
    head_of_trait: Option<(Ident, Generics, TokenStream)>,
    parts: Vec<Part>,
    braces: Span,
}

enum Part {
    Verbatim(TokenStream),
    Function(Box<Function>),
    /// A group in a module. Its own keys, if it has `#[requests]`.
    Group(Group, Option<TokenStream>),
}

/// A function with `#[request]`.
struct Function {
    args: TokenStream,
    /// Its attribute, if the group cannot recognise it.
    hidden: Option<syn::Error>,
    /// The last segment of the path in `#[…]`.
    word: Ident,
    item: Item,
}

/// Expands `#[requests(args)] item`.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let (shared, mut errors) = args::read_shared(args.clone());
    let parsed = (|input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        let mut hidden = Errors::default();
        let group = Group::parse(attrs, input, &mut hidden)?;
        Ok((group, hidden))
    })
    .parse2(item.clone());
    match parsed {
        Ok((group, hidden)) => {
            let complete = errors.is_empty() && hidden.is_empty();
            rules::some_request(&group.keyword, &group.functions(), complete, &mut errors);
            errors.append(hidden);
            let expanded = group.expand(&args, shared, errors);
            let Expanded { errors, tokens } = expanded;
            quote!(#errors #tokens)
        }
        Err(error) => {
            errors.push(error);
            // A function that ends in `;` gets a body, as rustc would ask for one.
            if let Ok(function) = syn::parse2::<Item>(item.clone())
                && function.body.is_none()
            {
                return fallback::item(function, &Named::default(), &errors);
            }
            let errors = errors.to_compile_errors();
            quote!(#errors #item)
        }
    }
}

struct Expanded {
    errors: TokenStream,
    tokens: TokenStream,
}

impl Group {
    fn parse(
        attrs: Vec<Attribute>,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<Self> {
        let mut head = input.parse::<Visibility>()?.into_token_stream();
        let keyword = loop {
            let word = input.call(Ident::parse_any).map_err(|_| not_a_group(input.span()))?;
            word.to_tokens(&mut head);
            match word.to_string().as_str() {
                "impl" | "mod" | "trait" => break word,
                "unsafe" | "auto" | "default" | "const" => {}
                _ => return Err(not_a_group(word.span())),
            }
        };
        let mut head_of_trait = None;
        if keyword == "trait" {
            let name: Ident = input.parse()?;
            let generics = Generics { where_clause: None, ..input.parse()? };
            head_of_trait = Some((name, generics, TokenStream::new()));
        }
        let rest = match &mut head_of_trait {
            Some((.., rest)) => rest,
            None => &mut head,
        };
        let braces = body(input, rest).ok_or_else(|| no_braces(&keyword))?;
        let parts = (|input: ParseStream<'_>| parts(input, keyword == "mod", errors))
            .parse2(braces.stream())?;
        Ok(Self { attrs, keyword, head, head_of_trait, parts, braces: braces.span() })
    }

    /// All functions in it and in its modules, except those in groups with their own keys.
    fn functions(&self) -> Vec<&Item> {
        let of_part = |part| match part {
            &Part::Verbatim(_) => Vec::new(),
            Part::Function(function) => vec![&function.item],
            Part::Group(group, _) => group.functions(),
        };
        self.parts.iter().flat_map(of_part).collect()
    }

    fn expand(mut self, args: &TokenStream, mut shared: Shared, mut errors: Errors) -> Expanded {
        rules::check(&mut shared, &self.functions(), &mut errors);
        let lost = match (errors.is_empty(), &shared.args.krate) {
            (true, _) => Lost::Nothing,
            (false, None) if has_ident(args, "crate") => Lost::Crate,
            (false, _) => Lost::Keys,
        };
        let mut tokens = TokenStream::new();
        self.write(&shared, lost, &mut tokens);
        Expanded { errors: errors.to_compile_errors(), tokens }
    }

    fn write(&mut self, shared: &Shared, lost: Lost, tokens: &mut TokenStream) {
        let form = self.futures(shared);
        let mut needed = Needed::default();
        let mut inside = TokenStream::new();
        for part in std::mem::take(&mut self.parts) {
            match part {
                Part::Verbatim(part) => inside.extend(part),
                Part::Function(mut function) => {
                    if let Some(send) = form {
                        needed.by(&function.item, send);
                        returns_future(&mut function.item, send);
                    }
                    inside.extend(function.expand(shared, lost));
                }
                Part::Group(mut group, None) => group.write(shared, lost, &mut inside),
                Part::Group(group, Some(args)) => {
                    let (own, errors) = args::read_shared(args.clone());
                    let Expanded { errors, tokens } =
                        group.expand(&args, merge::group(own, shared), errors);
                    inside.extend(quote!(#errors #tokens));
                }
            }
        }
        let mut braces = Braces::new(Delimiter::Brace, inside);
        braces.set_span(self.braces);
        let Self { attrs, head, head_of_trait, .. } = self;
        let of_trait = head_of_trait.take().map(|(name, generics, rest)| {
            let bounds = needed.bounds(&name, rest);
            quote!(#name #generics #bounds)
        });
        tokens.extend(quote!(#(#attrs)* #head #of_trait #braces));
    }

    /// Whether the functions return their futures, and whether these are `Send`. Under an attribute that
    /// rewrites `async` functions, the functions are unchanged.
    fn futures(&self, shared: &Shared) -> Option<bool> {
        const REWRITERS: [&str; 3] = ["async_trait", "make", "automock"];
        let rewrites = |attr: &Attribute| {
            let last = attr.path().segments.last();
            last.is_some_and(|last| REWRITERS.iter().any(|name| last.ident == name))
        };
        let is_trait = self.head_of_trait.is_some() && !self.attrs.iter().any(rewrites);
        is_trait.then_some(shared.not_send.is_none())
    }
}

/// What the functions lack because of a mistake in the group's keys.
#[derive(Clone, Copy, PartialEq)]
enum Lost {
    Nothing,
    Keys,
    /// Possibly the path of the crate, without which nothing can be expanded.
    Crate,
}

impl Function {
    fn expand(self, shared: &Shared, lost: Lost) -> TokenStream {
        let (mut own, mut errors) = args::read(self.args);
        if let Some(error) = self.hidden {
            errors.push(error);
            let named = Named { attribute: Some(self.word), ..Named::default() };
            return fallback::item(self.item, &named, &errors);
        }
        own.attribute = Some(self.word.span());
        let mut shared = shared;
        let without_base;
        if let Some(base) = &shared.base {
            let before = errors.len();
            rules::follows_base(&own, &base.value, &self.item, &mut errors);
            if errors.len() > before {
                without_base = Shared { base: None, ..shared.clone() };
                shared = &without_base;
            }
        }
        let uses_self = rules::uses_self(&own);
        let args = merge::function(own, shared);
        if !uses_self {
            rules::has_receiver(&args, &self.item, &mut errors);
        }
        let is_whole = match lost {
            Lost::Nothing => true,
            // The lost key may have been the one with a value for every error.
            Lost::Keys => carries_error(&self.item),
            Lost::Crate => false,
        };
        if errors.is_empty() && !is_whole {
            return fallback::item(self.item, &args.named(), &errors);
        }
        crate::function(args, errors, lost == Lost::Nothing, self.item)
    }
}

/// Whether the return type can carry an error, judged by its name.
fn carries_error(item: &Item) -> bool {
    match item.output() {
        Some(syn::Type::Path(path)) => path.path.segments.last().is_some_and(|last| {
            last.ident == "Option" || last.ident.to_string().ends_with("Result")
        }),
        Some(_) => false,
        None => true,
    }
}

/// The bounds that the receivers of a trait's functions require for `Send` futures.
#[derive(Default)]
struct Needed {
    sync: bool,
    send: bool,
}

impl Needed {
    fn by(&mut self, item: &Item, send: bool) {
        let receiver = item.sig.inputs.first().filter(|_| send);
        if let Some(FnArg::Receiver(receiver)) = receiver {
            match &receiver.kind {
                ReceiverKind::Reference(_, _, None) => self.sync = true,
                ReceiverKind::Reference(_, _, Some(_)) | ReceiverKind::Value => self.send = true,
                // An `Arc<Self>` needs both.
                _ => (self.send, self.sync) = (true, true),
            }
        }
    }

    // Input:                           : Clone
    // Output: : ::core::marker::Sync   : ::core::marker::Sync + Clone
    fn bounds(&self, name: &Ident, rest: TokenStream) -> TokenStream {
        // With the user's span: rustc names the bound of a type that is not `Sync` there.
        let span = name.span();
        let has = |word: &str| {
            rest.clone()
                .into_iter()
                .any(|tree| matches!(tree, TokenTree::Ident(other) if other == word))
        };
        let sync =
            (self.sync && !has("Sync")).then(|| quote_spanned!(span=> ::core::marker::Sync +));
        let send =
            (self.send && !has("Send")).then(|| quote_spanned!(span=> ::core::marker::Send +));
        if sync.is_none() && send.is_none() {
            return rest;
        }
        let mut trees = rest.clone().into_iter();
        let rest = match trees.next() {
            Some(TokenTree::Punct(punct)) if punct.as_char() == ':' => trees.collect(),
            _ => rest,
        };
        quote!(: #send #sync #rest)
    }
}

// Input:  async fn user(&self) -> Result<User, Error>;
// Output: fn user(&self)
//         -> impl ::core::future::Future<Output = Result<User, Error>> + ::core::marker::Send
fn returns_future(item: &mut Item, send: bool) {
    if !matches!(item.form, Form::Async) || item.sig.asyncness.is_none() {
        return;
    }
    // With the user's span: rustc reports a future that is not `Send` there, and not at the attribute.
    let span = item.sig.fn_token.span;
    let output = match &item.sig.output {
        ReturnType::Default => quote_spanned!(span=> ()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let send = send.then(|| quote_spanned!(span=> + ::core::marker::Send));
    let future = quote_spanned!(span=> impl ::core::future::Future<Output = #output> #send);
    let arrow = Token![->](span);
    item.form = Form::Future(ReturnType::Type(arrow, Box::new(syn::Type::Verbatim(future))));
}

/// Reads up to the braces of an item. Other braces, as in `Matrix<{ N }>`, are followed by `>` or `,`.
fn body(input: ParseStream<'_>, head: &mut TokenStream) -> Option<Braces> {
    while let Ok(tree) = input.parse::<TokenTree>() {
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && !is_argument(input) =>
            {
                return Some(group);
            }
            tree => tree.to_tokens(head),
        }
    }
    None
}

/// Whether braces before this are an argument of a type.
fn is_argument(input: ParseStream<'_>) -> bool {
    input.peek(Token![>]) || input.peek(Token![,])
}

/// Reads what is in the braces of a group.
fn parts(input: ParseStream<'_>, is_mod: bool, errors: &mut Errors) -> syn::Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut verbatim = TokenStream::new();
    let mut begins = true;
    while !input.is_empty() {
        let found = match begins {
            true => part(input, is_mod, &mut verbatim, errors)?,
            false => None,
        };
        if let Some(part) = found {
            parts.push(Part::Verbatim(std::mem::take(&mut verbatim)));
            parts.push(part);
            continue;
        }
        if input.is_empty() {
            break;
        }
        let tree: TokenTree = input.parse()?;
        begins = match &tree {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_argument(input),
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        tree.to_tokens(&mut verbatim);
    }
    parts.push(Part::Verbatim(verbatim));
    Ok(parts)
}

/// A function with `#[request]`, or a group in a module. For anything else, only the attributes are read, and
/// written unchanged.
fn part(
    input: ParseStream<'_>,
    is_mod: bool,
    verbatim: &mut TokenStream,
    errors: &mut Errors,
) -> syn::Result<Option<Part>> {
    let inner = input.peek(Token![#]) && input.peek2(Token![!]);
    let mut attrs = match inner {
        true => Vec::new(),
        false => input.call(Attribute::parse_outer)?,
    };
    let hidden = attrs.iter().map(rules::hidden_request).enumerate();
    let hidden = hidden.filter_map(|(at, error)| Some((at, Some(error?)))).next();
    let seen = attrs.iter().position(is_request).map(|at| (at, None));
    if let Some((at, hidden)) = seen.or(hidden) {
        let attr = attrs.remove(at);
        let word = last_word(&attr);
        let args = match attr.meta {
            Meta::List(list) if hidden.is_none() => list.tokens,
            _ => TokenStream::new(),
        };
        let ahead = input.fork();
        match Item::after_attributes(attrs.clone(), &ahead) {
            Ok(item) => {
                input.advance_to(&ahead);
                return Ok(Some(Part::Function(Box::new(Function { args, hidden, word, item }))));
            }
            Err(error) => errors.push(hidden.unwrap_or(error)),
        }
    }
    if is_mod && begins_group(input) {
        let is_requests = |attr: &Attribute| {
            attr.path().segments.last().is_some_and(|last| last.ident == "requests")
        };
        let own = attrs.iter().position(is_requests).map(|at| match attrs.remove(at).meta {
            Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        });
        return Ok(Some(Part::Group(Group::parse(attrs, input, errors)?, own)));
    }
    attrs.iter().for_each(|attr| attr.to_tokens(verbatim));
    Ok(None)
}

fn last_word(attr: &Attribute) -> Ident {
    let last = attr.path().segments.last();
    last.map_or_else(|| Ident::new("request", Span::call_site()), |last| last.ident.clone())
}

/// Whether an `impl`, an inline `mod` or a `trait` begins here.
fn begins_group(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if ahead.parse::<Visibility>().is_err() {
        return false;
    }
    while let Ok(word) = ahead.call(Ident::parse_any) {
        match word.to_string().as_str() {
            "impl" | "trait" => return true,
            "mod" => return ahead.parse::<Ident>().is_ok() && ahead.peek(token::Brace),
            "unsafe" | "auto" | "default" => {}
            _ => return false,
        }
    }
    false
}

fn not_a_group(span: Span) -> syn::Error {
    let message = "`#[requests]` goes on an `impl`, a `mod` or a `trait`: for one function write \
                   `#[request(…)]`";
    syn::Error::new(span, message)
}

fn no_braces(keyword: &Ident) -> syn::Error {
    let message = "`#[requests]` needs the functions, which are in another file: write it on an \
                   inline `mod`, or on an `impl` in that file";
    syn::Error::new(keyword.span(), message)
}
