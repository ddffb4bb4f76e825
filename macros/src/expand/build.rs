//! The keys that say what is sent → one chain of calls that makes the request, and one that
//! sends it.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Expr;

use super::{at, at_output, code, crate_at, output};
use crate::args::Measure;
use crate::item::Item;
use crate::model::{Auth, Content, Method, Placeholder, Request};

// Input:  #[request(get = "/users/{id}", header("accept" = kind), timeout = 2s)]
// Output: let request = ::backstop::Request::get("/users/{id}")
//             .path("id", &id)
//             .header("accept", kind)
//             .timeout(::core::time::Duration::from_secs(2));
pub(super) fn request(
    request: &Request,
    item: &Item,
    streaming: Option<TokenStream>,
) -> TokenStream {
    let krate = &request.krate;
    let template = &request.template;
    let new = match &request.method {
        Method::Named(name) => code!(#name(#template)),
        Method::Custom(name) => code!(method(#name, #template)),
    };
    let calls = [
        request.placeholders.iter().map(placeholder).collect(),
        request.query.iter().map(query).collect(),
        request.headers.iter().map(header).collect(),
        request.auth.iter().map(auth).collect(),
        request.content.iter().map(content).collect(),
        request.expect.iter().map(|ranges| expect(ranges)).collect(),
        limits(request),
        reads(item),
    ];
    let streaming = streaming.map(|streaming| code!(.streaming(#streaming)));
    code!(let request = #krate::Request::#new #(#calls)* #streaming;)
}

// Output: let reader = ::backstop::by_type::returns::<R>().reader();
pub(super) fn reader(request: &Request, item: &Item, how: &str) -> TokenStream {
    let output = output(request);
    // At the return type, so that one that cannot be read is reported there.
    let span = at_output(request, item);
    let krate = crate_at(&request.krate, span);
    let how = Ident::new(how, span);
    let reader = quote_spanned!(span=> #krate::by_type::#how::<#output>().reader());
    code!(let reader = #reader;)
}

// Output: ::backstop::Session::shared().fetch(request).await
pub(super) fn send(request: &Request) -> TokenStream {
    let krate = &request.krate;
    match &request.session {
        None => code!(#krate::Session::shared().fetch(request).await),
        // The branches say what type they are: with a `&` before them they would have to fit it.
        Some(session @ (Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_))) => {
            code!((#session).fetch(request).await)
        }
        Some(session) => {
            let session = reference(session);
            code!(#krate::Session::fetch(#session, request).await)
        }
    }
}

// Output: .path("id", &id)
fn placeholder(placeholder: &Placeholder) -> TokenStream {
    let Placeholder { setter, text, value } = placeholder;
    let span = at(value);
    let setter = Ident::new(setter, span);
    let mut text = Literal::string(text);
    text.set_span(span);
    quote_spanned!(span=> .#setter(#text, &#value))
}

// Output: .query(&filter)
fn query(value: &Expr) -> TokenStream {
    let value = reference(value);
    code!(.query(#value))
}

// Output: .header("accept", kind)
fn header((name, value): &(syn::LitStr, Expr)) -> TokenStream {
    code!(.header(#name, #value))
}

// Output: .bearer_auth(token)
fn auth(auth: &Auth) -> TokenStream {
    match auth {
        Auth::Bearer(token) => code!(.bearer_auth(#token)),
        Auth::Basic(user, password) => code!(.basic_auth(#user, #password)),
    }
}

// Output: .json(&user)
fn content(content: &Content) -> TokenStream {
    let key = &content.key;
    let value = match content.by_reference {
        true => reference(&content.value),
        false => content.value.to_token_stream(),
    };
    code!(.#key(#value))
}

// Output: .expect(&[200..=299, 304..=304])
fn expect(ranges: &[(u16, u16)]) -> TokenStream {
    let ranges = ranges.iter().map(|(first, last)| {
        let (first, last) = (Literal::u16_unsuffixed(*first), Literal::u16_unsuffixed(*last));
        code!(#first..=#last)
    });
    code!(.expect(&[#(#ranges),*]))
}

// Output: .timeout(D).attempt_timeout(D).idle_timeout(D).max_body(65536)
fn limits(request: &Request) -> TokenStream {
    let timeout = request.timeout.as_ref().map(duration);
    let attempt = request.attempt_timeout.as_ref().map(duration);
    let idle = request.idle_timeout.as_ref().map(duration);
    let max_body = request.max_body.as_ref().map(|size| match size {
        Measure::Literal(bytes, _) => Literal::u64_unsuffixed(*bytes).to_token_stream(),
        Measure::Written(size) => size.to_token_stream(),
    });
    [
        timeout.map(|time| code!(.timeout(#time))),
        attempt.map(|time| code!(.attempt_timeout(#time))),
        idle.map(|time| code!(.idle_timeout(#time))),
        max_body.map(|size| code!(.max_body(#size))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

// Input:  250ms
// Output: ::core::time::Duration::from_millis(250)
fn duration(duration: &Measure<Duration>) -> TokenStream {
    let duration = match duration {
        Measure::Literal(duration, _) => duration,
        Measure::Written(expr) => return expr.to_token_stream(),
    };
    if duration.subsec_nanos() == 0 {
        let seconds = Literal::u64_unsuffixed(duration.as_secs());
        code!(::core::time::Duration::from_secs(#seconds))
    } else if duration.subsec_nanos() % 1_000_000 == 0 {
        let milliseconds = Literal::u128_unsuffixed(duration.as_millis());
        code!(::core::time::Duration::from_millis(#milliseconds))
    } else {
        let nanoseconds = Literal::u128_unsuffixed(duration.as_nanos());
        code!(::core::time::Duration::from_nanos(#nanoseconds))
    }
}

// Input:  #[response] Json(user): Json<User>
// Output: .reads::<Json<User>>()
fn reads(item: &Item) -> TokenStream {
    match response(item) {
        None => TokenStream::new(),
        Some((_, ty)) => code!(.reads::<#ty>()),
    }
}

/// The pattern and the type of what is taken from the response: a tuple if there are several.
pub(super) fn response(item: &Item) -> Option<(TokenStream, TokenStream)> {
    let pats = item.responses.iter().map(|response| &response.pat);
    let types = item.responses.iter().map(|response| &response.ty);
    match item.responses.as_slice() {
        [] => None,
        [response] => Some((response.pat.to_token_stream(), response.ty.to_token_stream())),
        // The parentheses are where the first type is, as far as rustc's messages go.
        [first, ..] => {
            let span = own_span(&first.ty);
            Some((code!((#(#pats),*)), quote_spanned!(span=> (#(#types),*))))
        }
    }
}

// Output: .and_then(|response| response.read::<Json<User>>())
pub(super) fn decode(ty: &TokenStream) -> TokenStream {
    // Where the type is: one that cannot be read is reported there, and only once, as `reads` asks
    // the same of it in the same place.
    let mut spans = ty.clone().into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or_else(Span::mixed_site);
    let read = quote_spanned!(first.resolved_at(Span::mixed_site())=> read);
    code!(.and_then(|response| response.#read::<#ty>()))
}

/// `&expr`, with the parentheses that it needs.
fn reference(expr: &Expr) -> TokenStream {
    // One of our spans would make an error about the value one about the attribute.
    let span = own_span(expr);
    match expr {
        Expr::Reference(_) => expr.to_token_stream(),
        Expr::Array(_)
        | Expr::Await(_)
        | Expr::Call(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Lit(_)
        | Expr::Macro(_)
        | Expr::MethodCall(_)
        | Expr::Paren(_)
        | Expr::Path(_)
        | Expr::Struct(_)
        | Expr::Tuple(_) => quote_spanned!(span=> &#expr),
        _ => quote_spanned!(span=> &(#expr)),
    }
}

/// The user's own span of the first of `tokens`, for what names nothing.
fn own_span(tokens: &impl ToTokens) -> Span {
    let first = tokens.to_token_stream().into_iter().next();
    first.map_or_else(Span::mixed_site, |tree| tree.span())
}
