//! The body → an expression that runs it, in the form that `check` chose.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::{code, crate_at};
use crate::model::{Body, BodyForm, Request};

// Input:  { Ok(user) }
// Output: { Ok(user) }
// Input:  { let user = parse(text)?; Ok(user) }
// Output: ::backstop::expansion::call(|| -> R { let user = parse(text)?; Ok(user) })
// Input:  { let user = parse(text).await?; Ok(user) }
// Output: scope.run(async { let user = parse(text).await?; Ok(user) }).await
pub(super) fn body(request: &Request, body: &Body) -> TokenStream {
    // With the user's braces: rustc reports a missing value there.
    let block = &block(request, body);
    match body.form {
        BodyForm::Last { .. } | BodyForm::Block { .. } => block.to_token_stream(),
        BodyForm::Closure => call(request, block),
        BodyForm::Async => {
            let block = async_block(request, block, false);
            code!(#block.await)
        }
        BodyForm::Scoped { moves } => {
            let block = async_block(request, block, moves);
            code!(scope.run(#block).await)
        }
    }
}

/// A body that no statement follows. `Last` needs no braces.
pub(super) fn last(request: &Request, body_: &Body) -> TokenStream {
    match body_.form {
        BodyForm::Last { .. } => block(request, body_).stream(),
        _ => body(request, body_),
    }
}

/// The body in its braces.
// Input:  {}
// Output: { ::backstop::expansion::empty_body(()) }
fn block(request: &Request, body: &Body) -> Group {
    match empty_body(request, code!(())) {
        None => body.block.clone(),
        Some(value) => {
            let mut block = Group::new(Delimiter::Brace, value);
            block.set_span(body.block.span());
            block
        }
    }
}

/// The outcome if the body is empty and the return type is written. Located at the braces: if the type is not
/// an alias of `()`, rustc reports a single error there.
// Output: ::backstop::expansion::empty_body(error)
pub(super) fn empty_body(request: &Request, dropped: TokenStream) -> Option<TokenStream> {
    let span = request.empty_body()?;
    let krate = crate_at(&request.krate, span);
    Some(quote_spanned!(span=> #krate::expansion::empty_body(#dropped)))
}

/// An attribute for the statement after a body that may diverge. Only types tell whether it does, and rustc
/// reports the first unreachable statement.
// Output: #[allow(unreachable_code)]
pub(super) fn allow_unreachable(body: &Body) -> Option<TokenStream> {
    let may_diverge = matches!(body.form, BodyForm::Block { may_diverge: true, .. });
    may_diverge.then(|| code!(#[allow(unreachable_code)]))
}

// Output: ::backstop::expansion::call(|| -> R { BLOCK })
pub(super) fn call(request: &Request, block: &Group) -> TokenStream {
    let krate = &request.krate;
    let output = request.output.as_ref().map(|output| code!(-> #output));
    // With the user's span: in a closure with a generated span, rustc names no variable in errors.
    let closure = quote_spanned!(block.span()=> || #output #block);
    code!(#krate::expansion::call(#closure))
}

// Output: async {
//             if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<R>() {
//                 return outcome;
//             }
//             let user = parse(text).await?; Ok(user)
//         }
fn async_block(request: &Request, block: &Group, moves: bool) -> TokenStream {
    let tokens = block.stream();
    let type_hint = type_hint(request);
    let moved = moves.then(|| code!(move));
    // With the user's span, for the same reason as in `call`.
    quote_spanned!(block.span()=> async #moved { #type_hint #tokens })
}

/// The beginning of an `async` block, which takes its type from the first value that it returns.
// Output: if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<R>() {
//             return outcome;
//         }
pub(super) fn type_hint(request: &Request) -> Option<TokenStream> {
    let krate = &request.krate;
    request.output.as_ref().map(|output| {
        code! {
            if let ::core::option::Option::Some(outcome) = #krate::expansion::type_hint::<#output>() {
                return outcome;
            }
        }
    })
}
