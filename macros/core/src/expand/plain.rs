//! The statements of a request without handlers: failures are returned.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::build::{Extracted, Fetch};
use super::{build, code, crate_at, local_at, output_span, run};
use crate::item::Item;
use crate::model::{Body, Request};

pub(super) fn statements(request: &Request, item: &Item, body: Option<&Body>) -> TokenStream {
    match body {
        None => bodyless(request, item),
        Some(body) => match build::extracted(request, item) {
            None => without_response(request, item, body),
            Some(taken) => with_response(request, item, body, &taken),
        },
    }
}

// Input:  #[request(get = "/users/{id}")]
//         async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> { BODY }
// Output: let request = ::backstop::Request::get("/users/{id}").path("id", &id).reads::<Json<User>>();
//         let response = ::backstop::Session::shared().fetch(request).await;
//         let Json(user) = match ::backstop::expansion::read::<Json<User>>(response) {
//             ::core::result::Result::Ok(response) => response,
//             ::core::result::Result::Err(error) => return ::backstop::Outcome::from_error(error),
//         };
//         BODY
fn with_response(request: &Request, item: &Item, body: &Body, taken: &Extracted) -> TokenStream {
    let Extracted { pat, lets, .. } = taken;
    let reader = build::extracted_reader(request, taken);
    let streaming = reader.as_ref().map(|_| code!(reader.streaming));
    let build = build::request(request, item, streaming);
    let Fetch { exchange, response } = build::fetch(request);
    let read = build::read(request, taken);
    let from_error = from_error(request, item);
    let body = run::last(request, body);
    code! {
        #reader
        #build
        #exchange
        let response = #response;
        let #pat = match #read {
            ::core::result::Result::Ok(response) => response,
            ::core::result::Result::Err(error) => return #from_error,
        };
        #lets
        #body
    }
}

// Input:  #[request(delete = "/users/{id}")]
//         async fn delete(id: u64) -> Result<(), Error> { BODY }
// Output: let request = ::backstop::Request::delete("/users/{id}").path("id", &id);
//         if let ::core::result::Result::Err(error) = ::backstop::Session::shared().fetch(request).await {
//             return ::backstop::Outcome::from_error(error);
//         }
//         BODY
fn without_response(request: &Request, item: &Item, body: &Body) -> TokenStream {
    let build = build::request(request, item, None);
    let Fetch { exchange, response } = build::fetch(request);
    let from_error = from_error(request, item);
    let body = run::last(request, body);
    code! {
        #build
        #exchange
        if let ::core::result::Result::Err(error) = #response {
            return #from_error;
        }
        #body
    }
}

// Input:  #[request(get = "/users/{id}")]
//         async fn user(id: u64) -> Result<User, Error>;
// Output: let reader = ::backstop::expansion::decode::<Result<User, Error>>()
//             .reader(::backstop::expansion::FromJson::from_json);
//         let request = ::backstop::Request::get("/users/{id}").path("id", &id)
//             .streaming(reader.streaming);
//         let response = ::backstop::Session::shared().fetch(request).await;
//         ::backstop::Outcome::from_result(reader.read(response))
fn bodyless(request: &Request, item: &Item) -> TokenStream {
    let reader = build::reader(request, item);
    // As all of the call is generated, rustc does not blame the argument.
    let span = output_span(request, item).resolved_at(Span::mixed_site());
    let from_result =
        outcome(request, span, "from_result", quote_spanned!(span=> reader.read(response)));
    let build = build::request(request, item, Some(code!(reader.streaming)));
    let Fetch { exchange, response } = build::fetch(request);
    code! {
        #reader
        #build
        #exchange
        let response = #response;
        #from_result
    }
}

// Output: ::backstop::Outcome::from_error(error)
fn from_error(request: &Request, item: &Item) -> TokenStream {
    if let Some(outcome) = run::empty_body(request, code!(error)) {
        return outcome;
    }
    let span = output_span(request, item);
    outcome(request, span, "from_error", local_at(span, "error").into_token_stream())
}

/// A call of a function of `Outcome`. Located at the return type: rustc reports one that cannot carry an
/// error there.
fn outcome(request: &Request, span: Span, function: &str, argument: TokenStream) -> TokenStream {
    let krate = crate_at(&request.krate, span);
    let function = Ident::new(function, span);
    quote_spanned!(span=> #krate::Outcome::#function(#argument))
}
