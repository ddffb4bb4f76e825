//! The body → an expression that runs it, in the form that `check` chose.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::code;
use crate::model::{Body, BodyForm, Request};

// Input:  { Ok(user) }
// Output: { Ok(user) }
// Input:  { let user = parse(text)?; Ok(user) }
// Output: ::backstop::handle(|| -> R { let user = parse(text)?; Ok(user) })
// Input:  { let user = parse(text).await?; Ok(user) }
// Output: deadline.scope(async { let user = parse(text).await?; Ok(user) }).await
pub(super) fn body(request: &Request, body: &Body) -> TokenStream {
    // In the user's braces: a body without a value is reported there.
    let block = &body.block;
    match body.form {
        BodyForm::Last { .. } | BodyForm::Block { .. } => block.to_token_stream(),
        BodyForm::Closure => handle(request, block),
        BodyForm::Async => {
            let block = async_block(request, block, false);
            code!(#block.await)
        }
        BodyForm::Scoped { moves } => {
            let block = async_block(request, block, moves);
            code!(deadline.scope(#block).await)
        }
    }
}

/// A body that no statement follows, without braces of its own.
pub(super) fn last(request: &Request, body_: &Body) -> TokenStream {
    match body_.form {
        BodyForm::Last { .. } => body_.block.stream(),
        _ => body(request, body_),
    }
}

/// For the statement after a body that may diverge: whether it does, its types say. rustc reports the
/// first statement that is unreachable.
// Output: #[allow(unreachable_code)]
pub(super) fn allow_unreachable(body: &Body) -> Option<TokenStream> {
    let may_diverge = matches!(body.form, BodyForm::Block { may_diverge: true, .. });
    may_diverge.then(|| code!(#[allow(unreachable_code)]))
}

// Output: ::backstop::handle(|| -> R { BLOCK })
pub(super) fn handle(request: &Request, block: &Group) -> TokenStream {
    let krate = &request.krate;
    let output = request.output.as_ref().map(|output| code!(-> #output));
    // Where the block is, in the user's code: of a closure in ours, rustc names no variable.
    let closure = quote_spanned!(block.span()=> || #output #block);
    code!(#krate::handle(#closure))
}

// Output: async {
//             if let ::core::option::Option::Some(outcome) = ::backstop::by_type::no_outcome::<R>() {
//                 return outcome;
//             }
//             let user = parse(text).await?; Ok(user)
//         }
fn async_block(request: &Request, block: &Group, moves: bool) -> TokenStream {
    let tokens = block.stream();
    let type_hint = type_hint(request);
    let moved = moves.then(|| code!(move));
    // Where the body is: of a block in our code, rustc names no variable.
    quote_spanned!(block.span()=> async #moved { #type_hint #tokens })
}

/// The beginning of an `async` block: it takes its type from what it returns first.
// Output: if let ::core::option::Option::Some(outcome) = ::backstop::by_type::no_outcome::<R>() {
//             return outcome;
//         }
pub(super) fn type_hint(request: &Request) -> Option<TokenStream> {
    let krate = &request.krate;
    request.output.as_ref().map(|output| {
        code! {
            if let ::core::option::Option::Some(outcome) = #krate::by_type::no_outcome::<#output>() {
                return outcome;
            }
        }
    })
}
