//! A request that can be expanded, and its function → the function that sends it.
//!
//! What it writes is what a person would: calls of the runtime's public API around the body,
//! which is kept as it was. It cannot fail: `check` has refused all that has no expansion.

mod actions;
mod build;
mod chain;
mod handled;
mod plain;
mod run;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Path, ReturnType, Signature};

use crate::action::is_place;
use crate::item::Item;
use crate::model::{Request, Shape};

/// `quote!`, for code that must neither see the user's locals nor be seen by them.
macro_rules! code {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}
use code;

// Input:  #[request(get = "/users/{id}")]
//         #[doc = "A user."]
//         pub async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> { … }
// Output: #[doc = "A user."]
//         pub async fn user(id: u64) -> Result<User, Error> { STATEMENTS }
pub(crate) fn function(request: &Request, item: &Item) -> TokenStream {
    let Item { attrs, vis, .. } = item;
    let (sig, statements) = match &item.boxed {
        None => (item.sig.clone(), statements(request, item)),
        Some(written) => boxed(request, item, written),
    };
    // The function begins and ends where the user's does, and so do messages about all of it.
    let mut block = Group::new(Delimiter::Brace, statements);
    block.set_span(item.end);
    code!(#(#attrs)* #vis #sig #block)
}

fn statements(request: &Request, item: &Item) -> TokenStream {
    match &request.shape {
        Shape::Plain(body) => plain::statements(request, item, body.as_ref()),
        Shape::Handled(handlers) => handled::statements(request, handlers, item),
    }
}

// Input:  fn user(&'life0 self) -> Pin<Box<dyn Future<Output = R> + Send + 'async_trait>> { … }
// Output: ::std::boxed::Box::pin(async move {
//             if let ::core::option::Option::Some(outcome) = ::backstop::by_type::no_outcome::<R>() {
//                 return outcome;
//             }
//             STATEMENTS
//         })
fn boxed(request: &Request, item: &Item, written: &ReturnType) -> (Signature, TokenStream) {
    let statements = statements(request, item);
    let type_hint = run::type_hint(request);
    let sig = Signature { asyncness: None, output: written.clone(), ..item.sig.clone() };
    (sig, code!(::std::boxed::Box::pin(async move { #type_hint #statements })))
}

/// The span of the first of `tokens`, for generated code that an error should point there for.
fn mixed_span(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    let span = first.map_or_else(Span::call_site, |tree| tree.span());
    span.resolved_at(Span::mixed_site())
}

/// The user's own span of the first of `tokens`, for what names nothing: an error there is about
/// their code, and says nothing of the attribute.
fn user_span(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    first.map_or_else(Span::mixed_site, |tree| tree.span())
}

/// A local of the expansion, as if it were named at `span`.
fn local_at(span: Span, name: &str) -> Ident {
    Ident::new(name, span.resolved_at(Span::mixed_site()))
}

/// `.method(…)`, all of it at `span`: what is wrong with the call is reported there.
fn call_at(span: Span, method: &str, arguments: TokenStream) -> TokenStream {
    let method = Ident::new(method, span);
    let mut group = Group::new(Delimiter::Parenthesis, arguments);
    group.set_span(span);
    code!(.#method #group)
}

/// The span of the last of `tokens`.
fn last_span(tokens: &impl ToTokens) -> Span {
    let last = tokens.to_token_stream().into_iter().last();
    last.map_or_else(Span::call_site, |tree| tree.span())
}

/// `(…)` after a path of the user's. They are where its last word is: a call that fits the path
/// badly is reported there, and what is wrong with its result too.
fn parentheses(path: &impl ToTokens, arguments: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Parenthesis, arguments);
    group.set_span(last_span(path));
    group
}

// Input:  notify            self.notify
// Output: notify(ARGUMENTS)  (self.notify)(ARGUMENTS)
fn call(called: &Expr, arguments: TokenStream) -> TokenStream {
    let arguments = parentheses(called, arguments);
    match is_place(called) {
        true => quote_spanned!(user_span(called)=> (#called) #arguments),
        false => code!(#called #arguments),
    }
}

/// The crate's path, for code that an error should point elsewhere for than to the attribute.
fn crate_at(krate: &Path, span: Span) -> TokenStream {
    let respanned = |mut tree: TokenTree| {
        // `::name` means the same everywhere; the `crate` of `$crate` only where it was written.
        tree.set_span(match krate.leading_colon {
            Some(_) => span,
            None => span.resolved_at(tree.span()),
        });
        tree
    };
    let tokens = krate.to_token_stream();
    tokens.into_iter().map(respanned).collect()
}

/// The return type, as written or `()`.
fn output(request: &Request) -> TokenStream {
    request.output.clone().unwrap_or_else(|| code!(()))
}

/// Where the return type stands, or the function's name if there is none.
fn output_span(request: &Request, item: &Item) -> Span {
    match &request.output {
        Some(ty) => user_span(ty),
        None => item.sig.ident.span(),
    }
}
