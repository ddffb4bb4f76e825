//! A checked request and its item → the function that sends the request.
//!
//! The expansion is code as one would write it by hand: calls of the runtime's public API around the
//! user's body. It cannot fail: `check` has refused what has no expansion.

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
use crate::item::{Form, Item};
use crate::model::{Request, Shape};

/// `quote!` with mixed-site spans: its locals and the user's do not see each other.
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
    let statements = statements(request, item);
    let (sig, statements) = match &item.form {
        Form::Async => (item.sig.clone(), statements),
        Form::Boxed(written) => {
            let block = async_block(request, Span::mixed_site(), statements);
            (not_async(item, written), code!(::std::boxed::Box::pin(#block)))
        }
        Form::Future(written) => {
            // With the user's span: rustc reports a future that is not `Send` there.
            let block = async_block(request, item.sig.fn_token.span, statements);
            (not_async(item, written), block)
        }
    };
    // The braces keep their span: rustc reports errors about the whole body there.
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

/// The signature of a function that returns its future.
fn not_async(item: &Item, written: &ReturnType) -> Signature {
    Signature { asyncness: None, output: written.clone(), ..item.sig.clone() }
}

// Input:  fn user(&'life0 self) -> Pin<Box<dyn Future<Output = R> + Send + 'async_trait>> { … }
// Output: async move {
//             if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<R>() {
//                 return outcome;
//             }
//             STATEMENTS
//         }
fn async_block(request: &Request, span: Span, statements: TokenStream) -> TokenStream {
    let type_hint = run::type_hint(request);
    quote_spanned!(span=> async move { #type_hint #statements })
}

/// The span of the first token, with mixed-site hygiene: for generated code whose errors belong there.
fn mixed_span(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    let span = first.map_or_else(Span::call_site, |tree| tree.span());
    span.resolved_at(Span::mixed_site())
}

/// The user's span of the first token: rustc's errors do not mention the attribute. For code that
/// names no generated local.
fn user_span(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    first.map_or_else(Span::mixed_site, |tree| tree.span())
}

/// A generated local, located at `span`.
fn local_at(span: Span, name: &str) -> Ident {
    Ident::new(name, span.resolved_at(Span::mixed_site()))
}

/// `.method(…)` located at `span`: rustc reports errors about the call there.
fn call_at(span: Span, method: &str, arguments: TokenStream) -> TokenStream {
    let method = Ident::new(method, span);
    let mut group = Group::new(Delimiter::Parenthesis, arguments);
    group.set_span(span);
    code!(.#method #group)
}

/// The span of the last token.
fn last_span(tokens: &impl ToTokens) -> Span {
    let last = tokens.to_token_stream().into_iter().last();
    last.map_or_else(Span::call_site, |tree| tree.span())
}

/// `(…)` after a path in the attribute, located at its last word: rustc reports wrong arguments and a
/// wrong result there.
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

/// Checks that a value may be dropped. Located at `span`, where rustc reports any other value.
// Output: ::backstop::expansion::cleanup(&release()).dropped()
fn dropped(span: Span, krate: &Path, function: &str, value: TokenStream) -> TokenStream {
    let function = Ident::new(function, Span::mixed_site());
    // The call spans from the first colon to the parentheses. The names in between are located elsewhere,
    // because in an editor each would be one more definition of the word at `span`.
    let path = match krate.leading_colon {
        None => {
            let krate = crate_at(krate, span);
            code!(#krate::expansion::#function)
        }
        Some(_) => {
            let colons = |(at, mut tree): (usize, TokenTree)| {
                if at < 2 {
                    tree.set_span(span);
                }
                tree
            };
            code!(#krate::expansion::#function).into_iter().enumerate().map(colons).collect()
        }
    };
    let mut arguments = Group::new(Delimiter::Parenthesis, value);
    arguments.set_span(span);
    let call = call_at(span, "dropped", TokenStream::new());
    code!(#path #arguments #call)
}

/// The crate's path, located at `span`, so that errors do not point at the attribute.
fn crate_at(krate: &Path, span: Span) -> TokenStream {
    let respanned = |mut tree: TokenTree| {
        // `::name` means the same everywhere, but the `crate` of `$crate` only at its own location.
        tree.set_span(match krate.leading_colon {
            Some(_) => span,
            None => span.resolved_at(tree.span()),
        });
        tree
    };
    let tokens = krate.to_token_stream();
    tokens.into_iter().map(respanned).collect()
}

/// The return type, or `()`.
fn output(request: &Request) -> TokenStream {
    request.output.clone().unwrap_or_else(|| code!(()))
}

/// The span of the return type, or of the function's name if it has none.
fn output_span(request: &Request, item: &Item) -> Span {
    match &request.output {
        Some(ty) => user_span(ty),
        None => item.sig.ident.span(),
    }
}
