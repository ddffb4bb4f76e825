//! The body → an expression that runs it, and that it cannot leave.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::code;
use crate::item::Body;
use crate::model::Request;
use crate::scan;

// Input:  { Ok(user) }
// Output: { Ok(user) }
// Input:  { let user = parse(text)?; Ok(user) }
// Output: ::backstop::handle(|| -> R { let user = parse(text)?; Ok(user) })
pub(super) fn body(request: &Request, body: &Body) -> TokenStream {
    let tokens = &body.tokens;
    // What handlers use as well stays theirs.
    if request.scoped {
        return waiting(request, body, !request.handlers_use_arguments);
    }
    // Where the user's braces are: a body without a value is reported there.
    let block = body.braces();
    if stands_as_it_is(tokens) {
        return block.to_token_stream();
    }
    match scan::may_wait(tokens) {
        true => waiting(request, body, false),
        false => handle(request, &block),
    }
}

/// Whether nothing has to be put around the body: it cannot leave the function. After one that surely
/// never ends, its outcome would be a variable that nobody uses.
fn stands_as_it_is(tokens: &TokenStream) -> bool {
    !scan::may_leave(tokens) && !scan::diverges(tokens)
}

/// What comes after a body that never ends is never reached. Whether it ends, its types say: where it
/// may not, this goes before the statement that follows, as rustc reports the first one.
// Output: #[allow(unreachable_code)]
pub(super) fn allow_unreachable(request: &Request, body: &Body) -> Option<TokenStream> {
    let tokens = &body.tokens;
    let open = !request.scoped && stands_as_it_is(tokens) && scan::may_diverge(tokens);
    open.then(|| code!(#[allow(unreachable_code)]))
}

// Output: ::backstop::handle(|| -> R { BLOCK })
pub(super) fn handle(request: &Request, block: &Group) -> TokenStream {
    let krate = &request.krate;
    let output = request.output.as_ref().map(|output| code!(-> #output));
    // Where the block is, in the user's code: of a closure in ours, rustc names no variable.
    let closure = quote_spanned!(block.span()=> || #output #block);
    code!(#krate::handle(#closure))
}

// Input:  { let user = parse(text).await?; Ok(user) }
// Output: deadline.scope(async {
//             if let ::core::option::Option::Some(outcome) = ::backstop::by_type::no_outcome::<R>() {
//                 return outcome;
//             }
//             let user = parse(text).await?; Ok(user)
//         }).await
pub(super) fn waiting(request: &Request, body: &Body, owning: bool) -> TokenStream {
    let tokens = &body.tokens;
    let typed = typed(request);
    let moved = owning.then(|| code!(move));
    // Where the body is, for the same reason.
    let block = quote_spanned!(body.span=> async #moved { #typed #tokens });
    match request.scoped {
        true => code!(deadline.scope(#block).await),
        false => code!(#block.await),
    }
}

/// The beginning of an `async` block: it takes its type from what it returns first.
// Output: if let ::core::option::Option::Some(outcome) = ::backstop::by_type::no_outcome::<R>() {
//             return outcome;
//         }
pub(super) fn typed(request: &Request) -> Option<TokenStream> {
    let krate = &request.krate;
    request.output.as_ref().map(|output| {
        code! {
            if let ::core::option::Option::Some(outcome) = #krate::by_type::no_outcome::<#output>() {
                return outcome;
            }
        }
    })
}
