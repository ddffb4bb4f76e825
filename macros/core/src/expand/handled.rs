//! The statements of a request with `on_error`, `fallback`, `cleanup` or `finally`.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;

use super::actions::{ArmWriter, failure_call};
use super::build::Fetch;
use super::{
    build, code, crate_at, last_span, local_at, mixed_span, output, output_span, run, user_span,
};
use crate::item::{Item, may_be_refutable};
use crate::model::{Body, BodyForm, Call, Callee, Exit, Handlers, OnError, Request, Success};

// Output: let finally = …;                                     with `finally`
//         let request = …;
//         let response = ::backstop::Session::shared().fetch(request).await;
//         ::backstop::expansion::call(|| -> R {                unless something may be awaited
//             let failure = match ::backstop::expansion::read::<T>(response) {
//                 ::core::result::Result::Ok(…) => SUCCESS,
//                 ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
//             };
//             OUTCOME
//         })
pub(super) fn statements(request: &Request, handlers: &Handlers, item: &Item) -> TokenStream {
    let guard = handlers.finally.as_ref().map(|call| guard(call, request));
    let reader = match build::extracted(request, item) {
        Some(taken) => build::extracted_reader(request, &taken),
        None => match handlers.success {
            Success::Decode => Some(build::reader(request, item)),
            Success::Inspect(_) | Success::Run(_) => None,
        },
    };
    let streaming = reader.as_ref().map(|_| code!(reader.streaming));
    let build = build::request(request, item, streaming);
    let Fetch { exchange, response } = build::fetch(request);
    let handled = handled(request, handlers, item);
    let handled = match handlers.may_await() {
        true => handled,
        false => {
            let mut block = Group::new(Delimiter::Brace, handled);
            block.set_span(item.end);
            run::call(request, &block)
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

/// The statements after the response.
fn handled(request: &Request, handlers: &Handlers, item: &Item) -> TokenStream {
    let outcome = outcome(request, handlers, item);
    let failed = match &handlers.success {
        Success::Decode => decoded(request, handlers),
        Success::Inspect(body) => inspected(request, handlers, item, body),
        Success::Run(body) => match &handlers.finally {
            Some(call) => run_before(call, request, handlers, item, body),
            None => return run_last(request, handlers, item, body, &outcome),
        },
    };
    code!(#failed #outcome)
}

// Input:  finally = released(id)
// Output: let finally = ::backstop::expansion::finally(|_| { released(id); });
// Input:  finally = released
// Output: let finally = ::backstop::expansion::finally_of(|ending| released(ending));
fn guard(call: &Call, request: &Request) -> TokenStream {
    let called = match (&call.callee, call.awaited.is_some()) {
        (Callee::Function(called), _) => {
            let called = super::call(called, quote_spanned!(mixed_span(called)=> ending));
            quote_spanned!(mixed_span(&called)=> |ending| #called)
        }
        (Callee::Closure(closure), _) => code!(#closure),
        (Callee::Verbatim(expr), true) => quote_spanned!(mixed_span(expr)=> |_| #expr),
        (Callee::Verbatim(expr), false) => code!(|_| { #expr; }),
    };
    // Located at the call: rustc reports wrong arguments, and a value that cannot be awaited, there.
    let span = mixed_span(&called);
    let krate = crate_at(&request.krate, span);
    let new = match (&call.awaited, build::is_observed(call)) {
        (Some(_), true) => quote_spanned!(span=> finally_async_of),
        (Some(_), false) => quote_spanned!(span=> finally_async),
        (None, true) => quote_spanned!(span=> finally_of),
        (None, false) => quote_spanned!(span=> finally),
    };
    let new = quote_spanned!(span=> #krate::expansion::#new(#called));
    code!(let finally = #new;)
}

/// The pattern that binds the failure, by how the handlers use it.
fn failure_pattern(handlers: &Handlers) -> TokenStream {
    match handlers {
        // `fallback` takes the build error out of it.
        Handlers { fallback: Some(_), .. } => code!(mut failure),
        Handlers { exit: Exit::Diverge, on_error, .. }
            if !on_error.needs_error() && !on_error.drops_value() =>
        {
            code!(_)
        }
        _ => code!(failure),
    }
}

/// How the body gets its values from the response.
struct Reading {
    /// The expression that reads the response.
    read: TokenStream,
    /// The pattern for the value.
    pat: TokenStream,
    /// Statements that destructure the value further.
    taken: TokenStream,
}

fn reading(request: &Request, item: &Item) -> Reading {
    let (pat, read, lets) = match build::extracted(request, item) {
        Some(taken) => {
            let read = build::read(request, &taken);
            (taken.pat, read, taken.lets)
        }
        None => (code!(_), code!(response), TokenStream::new()),
    };
    // In a `let`, rustc reports a refutable pattern at the pattern.
    let refutable = item.responses.iter().any(|response| may_be_refutable(&response.pat));
    match refutable {
        true => Reading { read, pat: code!(response), taken: code!(let #pat = response; #lets) },
        false => Reading { read, pat, taken: lets },
    }
}

// Output: let failure = match reader.read(response) {
//             ::core::result::Result::Ok(outcome) => return outcome,
//             ::core::result::Result::Err(failure) => failure,
//         };
fn decoded(request: &Request, handlers: &Handlers) -> TokenStream {
    let krate = &request.krate;
    let failure = failure_pattern(handlers);
    let done = match finished(handlers, code!(#krate::Ending::Done)) {
        Some(finished) => code!({ #finished return outcome; }),
        None => code!(return outcome,),
    };
    code! {
        let #failure = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => #done
            ::core::result::Result::Err(failure) => failure,
        };
    }
}

// Input:  { BODY }
// Output: let failure = match ::backstop::expansion::read::<T>(response) {
//             ::core::result::Result::Ok(…) => {
//                 let outcome: R = { BODY };
//                 let error = ::backstop::expansion::inspect(&outcome).request_error();
//                 let ::core::option::Option::Some(error) = error else {
//                     return outcome;
//                 };
//                 ::backstop::expansion::returned(error, outcome)
//             }
//             ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
//         };
fn inspected(request: &Request, handlers: &Handlers, item: &Item, body: &Body) -> TokenStream {
    let krate = &request.krate;
    let output = output(request);
    let Reading { read, pat, taken } = reading(request, item);
    // A closure states its type itself.
    let is_typed = matches!(body.form, BodyForm::Closure) && request.output.is_some();
    let ty = (!is_typed).then(|| code!(: #output));
    let (body, allow) = (run::body(request, body), run::allow_unreachable(body));
    let failure = failure_pattern(handlers);
    let ending = code!(#krate::expansion::inspect(&outcome).ending());
    let finished = match &handlers.finally {
        // Borrows of the outcome end before the `.await`.
        Some(call) if call.awaited.is_some() => {
            let finished = finished(handlers, code!(ending));
            Some(code!(let ending = #ending; #finished))
        }
        _ => finished(handlers, ending),
    };
    code! {
        let #failure = match #read {
            ::core::result::Result::Ok(#pat) => {
                #taken
                let outcome #ty = #body;
                #allow
                let error = #krate::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    #finished
                    return outcome;
                };
                #krate::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => #krate::expansion::failed(error),
        };
    }
}

// Input:  { BODY }, in a function that returns nothing, with `finally`
// Output: let failure: ::backstop::expansion::Failure<()> = match ::backstop::expansion::read::<T>(response) {
//             ::core::result::Result::Ok(…) => {
//                 let _: () = { BODY };
//                 finally.end(::backstop::Ending::Done);
//                 return;
//             }
//             ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
//         };
fn run_before(
    finally: &Call,
    request: &Request,
    handlers: &Handlers,
    item: &Item,
    body: &Body,
) -> TokenStream {
    let krate = &request.krate;
    let Reading { read, pat, taken } = reading(request, item);
    let (body, allow) = (run::body(request, body), run::allow_unreachable(body));
    let failure = failure_pattern(handlers);
    let finished = end(finally, code!(#krate::Ending::Done));
    code! {
        let #failure: #krate::expansion::Failure<()> = match #read {
            ::core::result::Result::Ok(#pat) => {
                #taken
                let _: () = #body;
                #allow
                #finished
                return;
            }
            ::core::result::Result::Err(error) => #krate::expansion::failed(error),
        };
    }
}

// Input:  { BODY }, in a function that returns nothing, without `finally`
// Output: match ::backstop::expansion::read::<T>(response) {
//             ::core::result::Result::Ok(…) => { BODY }
//             ::core::result::Result::Err(error) => {
//                 let failure = ::backstop::expansion::failed::<()>(error);
//                 OUTCOME
//             }
//         }
fn run_last(
    request: &Request,
    handlers: &Handlers,
    item: &Item,
    body: &Body,
    outcome: &TokenStream,
) -> TokenStream {
    let krate = &request.krate;
    let Reading { read, pat, taken } = reading(request, item);
    let failure = failure_pattern(handlers);
    let body = run::last(request, body);
    code! {
        match #read {
            ::core::result::Result::Ok(#pat) => { #taken #body }
            ::core::result::Result::Err(error) => {
                let #failure = #krate::expansion::failed::<()>(error);
                #outcome
            }
        }
    }
}

/// The outcome of `failure`, after `on_error`, `fallback`, `cleanup` and `finally`.
fn outcome(request: &Request, handlers: &Handlers, item: &Item) -> TokenStream {
    let Handlers { exit, on_error, .. } = handlers;
    let has_finally = handlers.finally.is_some();
    let writer = ArmWriter { krate: &request.krate, has_finally, exit: *exit };
    let error = on_error.needs_error().then(|| code!(let error = failure.error();));
    let actions = actions(&writer, on_error);
    let deny = denied(on_error);
    let goes_on = match &handlers.fallback {
        None => match run::empty_body(request, code!(failure)) {
            Some(outcome) => writer.with_ending("Failed", outcome),
            None => goes_on(&writer, output_span(request, item)),
        },
        Some(fallback) => fall_back(&writer, fallback),
    };
    // Only types tell whether a handler returns.
    let allow = |unreachable: &bool| {
        unreachable.then(|| code!(#[allow(unreachable_code, clippy::diverging_sub_expression)]))
    };
    match exit {
        // `finally` runs as its guard is dropped.
        Exit::Diverge => {
            let cleanup = handlers.cleanup.as_ref().map(|call| cleanup(call, &request.krate));
            let cleanup = cleanup.map(|cleanup| code!(; #[allow(unreachable_code)] #cleanup));
            code!(#error #deny #actions #cleanup)
        }
        Exit::Value => code!(#error #actions),
        Exit::Bind => bound(request, handlers, code!(#error #deny), actions),
        Exit::Return { may_be_unreachable } => {
            let allow = allow(may_be_unreachable);
            code!(#error #deny #actions #allow #goes_on)
        }
        Exit::Break { may_be_unreachable } => {
            let allow = allow(may_be_unreachable);
            let block = code!('handled: { #deny #actions #allow #goes_on });
            bound(request, handlers, code!(#error), block)
        }
        Exit::Continue { may_be_unreachable } => {
            let allow = allow(may_be_unreachable);
            bound(request, handlers, code!(#error #deny #actions #allow), goes_on)
        }
    }
}

// Output: let (ending, outcome) = OUTCOME;
//         release(id);
//         finally.end(ending);
//         outcome
fn bound(
    request: &Request,
    handlers: &Handlers,
    before: TokenStream,
    outcome: TokenStream,
) -> TokenStream {
    let name = match handlers.finally {
        Some(_) => code!((ending, outcome)),
        None => code!(outcome),
    };
    let cleanup = handlers.cleanup.as_ref().map(|call| cleanup(call, &request.krate));
    let finally = finished(handlers, code!(ending));
    code! {
        #before
        let #name = #outcome;
        #cleanup
        #finally
        outcome
    }
}

// Output: #[deny(unreachable_patterns, unused_must_use)]
//         #[allow(unreachable_code, clippy::diverging_sub_expression)]    if a handler may never return
fn denied(on_error: &OnError) -> Option<TokenStream> {
    // Located after the key: at the key, an editor would show the docs of `deny` for `on_error`. The lint's
    // note also points there.
    let denied = match on_error {
        _ if !on_error.denies_lints() => None,
        OnError::Nothing => None,
        OnError::Always(_, after_key) => {
            Some(quote_spanned!(*after_key=> #[deny(unused_must_use)]))
        }
        OnError::Arms { after_key, .. } => {
            Some(quote_spanned!(*after_key=> #[deny(unreachable_patterns, unused_must_use)]))
        }
    };
    let allowed = on_error
        .drops_value()
        .then(|| code!(#[allow(unreachable_code, clippy::diverging_sub_expression)]));
    (denied.is_some() || allowed.is_some()).then(|| code!(#denied #allowed))
}

fn actions(writer: &ArmWriter<'_>, on_error: &OnError) -> TokenStream {
    match on_error {
        OnError::Nothing => TokenStream::new(),
        OnError::Always(action, _) => writer.action(action),
        OnError::Arms { arms, needs_wildcard, .. } => writer.match_arms(arms, *needs_wildcard),
    }
}

// Output: ::backstop::Outcome::from_failure(failure)
fn goes_on(writer: &ArmWriter<'_>, output: Span) -> TokenStream {
    // Located at the return type, where rustc reports a type that cannot carry an error. As the whole call is
    // generated, rustc points at no other expression.
    let output = output.resolved_at(Span::mixed_site());
    let (krate, failure) = (crate_at(writer.krate, output), local_at(output, "failure"));
    writer.with_ending("Failed", quote_spanned!(output=> #krate::Outcome::from_failure(#failure)))
}

// Input:  fallback = 0
// Output: match failure.build_error() {
//             ::core::option::Option::Some(kept) => kept,
//             ::core::option::Option::None => failure.recover(0),
//         }
fn fall_back(writer: &ArmWriter<'_>, fallback: &syn::Expr) -> TokenStream {
    let kept = writer.with_ending("Failed", code!(kept));
    let recovered = failure_call(user_span(fallback), "recover", fallback.to_token_stream());
    let recovered = writer.with_ending("Done", recovered);
    code! {
        match failure.build_error() {
            ::core::option::Option::Some(kept) => #kept,
            ::core::option::Option::None => #recovered,
        }
    }
}

// Output: release(id).await;
//         #[allow(unreachable_code, clippy::diverging_sub_expression)]
//         ::backstop::expansion::cleanup(&release(id)).dropped();
//         #[deny(unused_must_use)] { release!(id); }
fn cleanup(call: &Call, krate: &Path) -> TokenStream {
    let called = match &call.callee {
        Callee::Function(called) => super::call(called, TokenStream::new()),
        Callee::Closure(closure) => {
            let krate = crate_at(krate, mixed_span(closure));
            quote_spanned!(mixed_span(closure)=> #krate::expansion::call(#closure))
        }
        Callee::Verbatim(expr) => code!(#expr),
    };
    if let Some(awaited) = &call.awaited {
        return code!(#called #awaited;);
    }
    // A future that is not awaited never runs.
    let span = match &call.callee {
        // A macro may expand to statements. rustc accepts no such attribute on the call itself.
        Callee::Verbatim(syn::Expr::Macro(_)) => {
            let deny = quote_spanned!(user_span(&called)=> #[deny(unused_must_use)]);
            return code!(#deny { #called; });
        }
        Callee::Function(called) => last_span(called),
        Callee::Closure(closure) => user_span(&closure.body),
        Callee::Verbatim(expr) => user_span(expr),
    };
    let dropped = super::dropped(span, krate, "cleanup", code!(&#called));
    // Only its type tells whether it returns. A method is assumed to return.
    let returns = matches!(&call.callee, Callee::Verbatim(syn::Expr::MethodCall(_)));
    let allow =
        (!returns).then(|| code!(#[allow(unreachable_code, clippy::diverging_sub_expression)]));
    code!(#allow #dropped;)
}

fn finished(handlers: &Handlers, ending: TokenStream) -> Option<TokenStream> {
    handlers.finally.as_ref().map(|call| end(call, ending))
}

// Output: finally.end(ENDING);
fn end(finally: &Call, ending: TokenStream) -> TokenStream {
    let awaited = finally.awaited.as_ref().map(|_| code!(.await));
    code!(finally.end(#ending) #awaited;)
}
