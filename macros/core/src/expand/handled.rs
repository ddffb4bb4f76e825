//! A request with `on_error`, `fallback`, `cleanup` or `finally` → its statements.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;

use super::actions::{Settled, Ways, settled};
use super::build::Send;
use super::{at, at_output, build, code, crate_at, local_at, output, own, run};
use crate::action::{Action, Ends};
use crate::item::{Body, Item, may_be_refutable};
use crate::model::{Call, Callee, Handlers, OnError, Request};

// Output: let finally = …;                                     with `finally`
//         let request = …;
//         let response = ::backstop::Session::shared().fetch(request).await;
//         ::backstop::handle(|| -> R {                         if nothing waits any more
//             let failure = match ::backstop::read::<T>(response) {
//                 ::core::result::Result::Ok(…) => SUCCESS,
//                 ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
//             };
//             OUTCOME
//         })
pub(super) fn statements(request: &Request, handlers: &Handlers, item: &Item) -> TokenStream {
    let guard = handlers.finally.as_ref().map(|call| guard(call, request));
    let reader = match build::response(request, item) {
        None if item.body.is_none() => Some(build::reader(request, item, "total")),
        None => None,
        Some(taken) => build::taken_reader(request, &taken),
    };
    let streaming = reader.as_ref().map(|_| code!(reader.streaming));
    let build = build::request(request, item, streaming);
    let Send { exchange, response } = build::send(request);
    let outcome = outcome(request, handlers, item);
    let handled = match (&item.body, &request.output, &handlers.finally) {
        (Some(body), None, None) => ending(request, handlers, item, body, &outcome),
        _ => {
            let success = success(request, handlers, item);
            code!(#success #outcome)
        }
    };
    let handled = match handlers.wait {
        true => handled,
        false => {
            let mut block = Group::new(Delimiter::Brace, handled);
            block.set_span(item.end);
            run::handle(request, &block)
        }
    };
    code! {
        #guard
        #reader
        #build
        #exchange
        let response = #response;
        #handled
    }
}

// Input:  finally = released(id)
// Output: let finally = ::backstop::finally(|_| { released(id); });
// Input:  finally = released
// Output: let finally = ::backstop::finally(|ending| released(ending));
fn guard(call: &Call, request: &Request) -> TokenStream {
    let called = match (&call.callee, call.awaited.is_some()) {
        (Callee::Function(called), _) => {
            let called = super::call(called, quote_spanned!(at(called)=> ending));
            quote_spanned!(at(&called)=> |ending| #called)
        }
        (Callee::Closure(closure), _) => code!(#closure),
        (Callee::Written(expr), true) => quote_spanned!(at(expr)=> |_| #expr),
        (Callee::Written(expr), false) => code!(|_| { #expr; }),
    };
    // Where the call stands, so that one that does not fit, or cannot be awaited, is reported there.
    let span = at(&called);
    let krate = crate_at(&request.krate, span);
    let new = match &call.awaited {
        Some(_) => quote_spanned!(span=> finally_async),
        None => quote_spanned!(span=> finally),
    };
    let new = quote_spanned!(span=> #krate::#new(#called));
    code!(let finally = #new;)
}

/// From the response to the failure; a success returns.
fn success(request: &Request, handlers: &Handlers, item: &Item) -> TokenStream {
    let krate = &request.krate;
    let output = output(request);
    let new = code!(::core::result::Result::Err(error) => #krate::Failure::new(error),);
    let failure = failure(handlers);
    let Some(body) = &item.body else {
        let done = match finished(handlers, code!(#krate::Ending::Done)) {
            Some(told) => code!({ #told return outcome; }),
            None => code!(return outcome,),
        };
        return code! {
            let #failure: #krate::Failure<#output> = match reader.read(response) {
                ::core::result::Result::Ok(outcome) => #done
                #new
            };
        };
    };
    let Taking { read, pat, taken } = taking(request, item);
    let body = match request.output {
        Some(_) => returning(request, handlers, taken, body),
        None => ended(request, handlers, taken, body),
    };
    // `returned` says which outcome it is the failure of; without it, nothing else does.
    let of = match request.output {
        Some(_) => None,
        None => Some(code!(: #krate::Failure<#output>)),
    };
    code! {
        let #failure #of = match #read {
            ::core::result::Result::Ok(#pat) => #body
            #new
        };
    }
}

/// The name of the failure, as what handles it uses it.
fn failure(handlers: &Handlers) -> TokenStream {
    match handlers {
        // `fallback` takes a build error out of it.
        Handlers { fallback: Some(_), .. } => code!(mut failure),
        Handlers { on_error, .. }
            if on_error.ends() == Ends::default() && !on_error.needs_error() =>
        {
            code!(_)
        }
        _ => code!(failure),
    }
}

/// What the body takes from the response, and how.
struct Taking {
    /// The expression that reads it.
    read: TokenStream,
    /// The pattern of what was read.
    pat: TokenStream,
    /// The statements that take it apart, where the pattern does not.
    taken: TokenStream,
}

fn taking(request: &Request, item: &Item) -> Taking {
    let (pat, read, lets) = match build::response(request, item) {
        Some(taken) => {
            let read = build::read(request, &taken);
            (taken.pat, read, taken.lets)
        }
        None if request.scoped => {
            let read = code!(response.map(|response| response.deadline()));
            (code!(deadline), read, TokenStream::new())
        }
        None => (code!(_), code!(response), TokenStream::new()),
    };
    // In a `let`, one that leaves a value out is reported at itself.
    let refutable = item.responses.iter().any(|response| may_be_refutable(&response.pat));
    match refutable {
        true => Taking { read, pat: code!(response), taken: code!(let #pat = response; #lets) },
        false => Taking { read, pat, taken: lets },
    }
}

// Input:  { BODY }
// Output: {
//             let outcome: R = { BODY };
//             let error = ::backstop::by_type::returned(&outcome).request_error();
//             let ::core::option::Option::Some(error) = error else {
//                 return outcome;
//             };
//             ::backstop::Failure::returned(error, outcome)
//         }
fn returning(
    request: &Request,
    handlers: &Handlers,
    taken: TokenStream,
    body: &Body,
) -> TokenStream {
    let krate = &request.krate;
    let output = output(request);
    let (body, allow) = (run::body(request, body), run::allow_unreachable(request, body));
    let ending = code!(#krate::by_type::returned(&outcome).ending());
    let told = match &handlers.finally {
        // What is borrowed of the outcome is given back before it waits.
        Some(call) if call.awaited.is_some() => {
            let told = finished(handlers, code!(ending));
            Some(code!(let ending = #ending; #told))
        }
        _ => finished(handlers, ending),
    };
    code!({
        #taken
        let outcome: #output = #body;
        #allow
        let error = #krate::by_type::returned(&outcome).request_error();
        let ::core::option::Option::Some(error) = error else {
            #told
            return outcome;
        };
        #krate::Failure::returned(error, outcome)
    })
}

// Input:  { BODY }, in a function that returns nothing, with `finally`
// Output: {
//             let _: () = { BODY };
//             finally.end(::backstop::Ending::Done);
//             return;
//         }
fn ended(request: &Request, handlers: &Handlers, taken: TokenStream, body: &Body) -> TokenStream {
    let krate = &request.krate;
    let (body, allow) = (run::body(request, body), run::allow_unreachable(request, body));
    let told = finished(handlers, code!(#krate::Ending::Done));
    code!({
        #taken
        let _: () = #body;
        #allow
        #told
        return;
    })
}

// Input:  { BODY }, in a function that returns nothing, and whose end nobody is told
// Output: match ::backstop::read::<T>(response) {
//             ::core::result::Result::Ok(…) => { BODY }
//             ::core::result::Result::Err(error) => {
//                 let failure = ::backstop::Failure::<()>::new(error);
//                 OUTCOME
//             }
//         }
fn ending(
    request: &Request,
    handlers: &Handlers,
    item: &Item,
    body: &Body,
    outcome: &TokenStream,
) -> TokenStream {
    let krate = &request.krate;
    let Taking { read, pat, taken } = taking(request, item);
    let failure = failure(handlers);
    // After it comes nothing, so it may leave early, or have no end.
    let body = match request.scoped {
        true => run::body(request, body),
        false => body.tokens.clone(),
    };
    code! {
        match #read {
            ::core::result::Result::Ok(#pat) => { #taken #body }
            ::core::result::Result::Err(error) => {
                let #failure = #krate::Failure::<()>::new(error);
                #outcome
            }
        }
    }
}

/// What `on_error`, `fallback`, `cleanup` and `finally` make of `failure`.
fn outcome(request: &Request, handlers: &Handlers, item: &Item) -> TokenStream {
    let last = handlers.cleanup.is_none() && handlers.finally.is_none();
    let ends = handlers.on_error.ends();
    let settled = match (ends.goes_on, last) {
        (false, _) => Settled::Value,
        (true, true) => Settled::Returned,
        (true, false) => Settled::Broken,
    };
    let ways = Ways { krate: &request.krate, told: handlers.finally.is_some(), settled };
    let error = handlers.on_error.needs_error().then(|| code!(let error = failure.error();));
    let handled = handle(&ways, &handlers.on_error);
    let goes_on = match &handlers.fallback {
        None => goes_on(&ways, at_output(request, item)),
        Some(fallback) => fall_back(&ways, fallback),
    };
    // Whether a handler returns, its type says.
    let allow = handlers.on_error.may_diverge().then(|| code!(#[allow(unreachable_code)]));
    // rustc takes the attribute on a statement only.
    let deny = denied(&handlers.on_error);
    // Nothing is reached then: `finally` hears of it as its guard is dropped.
    if ends == Ends::default() {
        let cleanup = handlers.cleanup.as_ref().map(|call| cleanup(call, &request.krate));
        let cleanup = cleanup.map(|cleanup| code!(; #[allow(unreachable_code)] #cleanup));
        return code!(#error #deny #handled #cleanup);
    }
    let (before, attribute, value) = match (settled, ends.recovers || ends.fails) {
        (Settled::Value, _) => (error, deny, handled),
        (Settled::Broken, true) => {
            (error, None, code!('handled: { #deny #handled #allow #goes_on }))
        }
        (Settled::Broken | Settled::Returned, _) => {
            (Some(code!(#error #deny #handled)), allow, goes_on)
        }
    };
    if last && settled == Settled::Returned {
        return code!(#before #attribute #value);
    }
    if last && attribute.is_none() {
        return code!(#before #value);
    }
    let name = match handlers.finally {
        Some(_) => code!((ending, outcome)),
        None => code!(outcome),
    };
    let cleanup = handlers.cleanup.as_ref().map(|call| cleanup(call, &request.krate));
    let finally = finished(handlers, code!(ending));
    code! {
        #before
        #attribute
        let #name = #value;
        #cleanup
        #finally
        outcome
    }
}

// Output: #[deny(unreachable_patterns, unused_must_use)]
fn denied(on_error: &OnError) -> Option<TokenStream> {
    // What the lint says of where it comes from points behind the key: at the key, an editor would show
    // the docs of `deny` for `on_error`.
    match on_error {
        OnError::Arms { begins, .. } => {
            Some(quote_spanned!(*begins=> #[deny(unreachable_patterns, unused_must_use)]))
        }
        OnError::Always(
            Action::Call(_, None) | Action::Closure(_) | Action::Block(_) | Action::If { .. },
            begins,
        ) => Some(quote_spanned!(*begins=> #[deny(unused_must_use)])),
        _ => None,
    }
}

fn handle(ways: &Ways<'_>, on_error: &OnError) -> TokenStream {
    match on_error {
        OnError::Nothing => TokenStream::new(),
        OnError::Always(action, _) => ways.run(action),
        OnError::Arms { arms, open, .. } => ways.choose(arms, *open),
    }
}

// Output: ::backstop::Outcome::from_failure(failure)
fn goes_on(ways: &Ways<'_>, output: Span) -> TokenStream {
    // At the return type, so that one that cannot carry an error is reported there; and as all of it
    // comes from the macro, rustc looks no further for who is to blame.
    let output = output.resolved_at(Span::mixed_site());
    let (krate, failure) = (crate_at(ways.krate, output), local_at(output, "failure"));
    ways.ended("Failed", quote_spanned!(output=> #krate::Outcome::from_failure(#failure)))
}

// Input:  fallback = 0
// Output: match failure.build_error() {
//             ::core::option::Option::Some(kept) => kept,
//             ::core::option::Option::None => failure.recover(0),
//         }
fn fall_back(ways: &Ways<'_>, fallback: &syn::Expr) -> TokenStream {
    let kept = ways.ended("Failed", code!(kept));
    let recovered = settled(own(fallback), "recover", fallback.to_token_stream());
    let recovered = ways.ended("Done", recovered);
    code! {
        match failure.build_error() {
            ::core::option::Option::Some(kept) => #kept,
            ::core::option::Option::None => #recovered,
        }
    }
}

// Output: release(id).await;
//         #[deny(unused_must_use)] release(id);
//         #[deny(unused_must_use)] { release!(id); }
fn cleanup(call: &Call, krate: &Path) -> TokenStream {
    let called = match &call.callee {
        Callee::Function(called) => super::call(called, TokenStream::new()),
        Callee::Closure(closure) => {
            let krate = crate_at(krate, at(closure));
            quote_spanned!(at(closure)=> #krate::handle(#closure))
        }
        Callee::Written(expr) => code!(#expr),
    };
    if let Some(awaited) = &call.awaited {
        return code!(#called #awaited;);
    }
    // A future that is not awaited would never run.
    let deny = quote_spanned!(own(&called)=> #[deny(unused_must_use)]);
    match &call.callee {
        // rustc takes no such attribute on a macro.
        Callee::Written(syn::Expr::Macro(_)) => code!(#deny { #called; }),
        _ => code!(#deny #called;),
    }
}

// Output: finally.end(ENDING);
fn finished(handlers: &Handlers, ending: TokenStream) -> Option<TokenStream> {
    let call = handlers.finally.as_ref()?;
    let awaited = call.awaited.as_ref().map(|_| code!(.await));
    Some(code!(finally.end(#ending) #awaited;))
}
