//! The keys for what is sent → the calls that build the request, and the call that sends it.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Pat, Path, Type};

use super::chain::{self, Chain};
use super::{
    actions, call_at, code, crate_at, local_at, output, output_span, parentheses, user_span,
};
use crate::args::{Backoff, HeaderName, Measure};
use crate::item::{Item, ResponseArg};
use crate::model::{
    Auth, Call, Callee, Content, Handlers, Method, Options, Placeholder, Request, Retry, Shape,
};
use crate::walk;

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
    // A mixed-site span keeps lints away that take the template for a format string.
    let mut template = request.template.clone();
    template.set_span(template.span().resolved_at(Span::mixed_site()));
    let new = match &request.method {
        Method::Named(name) => code!(#name(#template)),
        Method::Custom(name) => code!(method(#name, #template)),
    };
    let mut chain = Chain::new(code!(#krate::Request::#new));
    for filled in &request.placeholders {
        chain.call(placeholder(filled, krate), &[]);
    }
    if let Some(value) = &request.query {
        chain.call(query(value), &[value]);
    }
    if let Some(map) = &request.header_map {
        chain.call(headers(map), &[map]);
    }
    for (name, value) in &request.headers {
        chain.call(header(name, value), &[value]);
    }
    if let Some(given) = &request.auth {
        auth(given, &mut chain);
    }
    if let Some(given) = &request.content {
        chain.call(content(given, krate), &[&given.value]);
    }
    if let Some(ranges) = &request.expect {
        chain.call(expect(ranges), &[]);
    }
    limits(request, &mut chain);
    if let Some(policy) = &request.retry {
        retry(policy, krate, &mut chain);
    }
    if let Some(given) = &request.options {
        chain.call(options(given), &[]);
    }
    chain.call(reads(request, item), &[]);
    if let Some(streaming) = streaming {
        chain.call(code!(.streaming(#streaming)), &[]);
    }
    // The handling of a failure belongs to the call's span.
    if let Shape::Handled(Handlers { finally, .. }) = &request.shape {
        chain.call(
            match finally.as_ref().is_some_and(is_observed) {
                true => code!(.handled_by(finally.observer())),
                false => code!(.handled()),
            },
            &[],
        );
    }
    chain.into_statements()
}

// Output: let reader = ::backstop::expansion::decode::<R>()
//             .reader(::backstop::expansion::FromJson::from_json);
pub(super) fn reader(request: &Request, item: &Item) -> TokenStream {
    let output = output(request);
    // Located at the return type: rustc reports one that cannot be decoded there.
    let span = output_span(request, item);
    let krate = crate_at(&request.krate, span);
    let reader = quote_spanned! {span=>
        #krate::expansion::decode::<#output>().reader(#krate::expansion::FromJson::from_json)
    };
    code!(let reader = #reader;)
}

/// The code that sends the request: a statement that may come before, and the response's expression.
pub(super) struct Fetch {
    pub(super) exchange: Option<TokenStream>,
    pub(super) response: TokenStream,
}

/// Whether the type of its argument decides what the function in `finally` receives. A closure without a type
/// takes an `Ending`, and a call takes nothing.
pub(super) fn is_observed(finally: &Call) -> bool {
    match &finally.callee {
        Callee::Function(_) => true,
        Callee::Closure(closure) => matches!(closure.inputs.first(), Some(Pat::Type(_))),
        Callee::Verbatim(_) => false,
    }
}

// Output: ::backstop::Session::shared().fetch(request).await
// Output: let exchange = ::backstop::Session::fetch(&self.session.read().await, request);
//         exchange.await
pub(super) fn fetch(request: &Request) -> Fetch {
    let krate = &request.krate;
    // Located at the method: rustc reports an argument that is not `Send` at this `.await`.
    let span = match &request.method {
        Method::Named(name) => name.span(),
        Method::Custom(name) => name.span(),
    };
    let await_ = quote_spanned!(span=> .await);
    let fetched = match &request.session {
        None => code!(#krate::Session::shared().fetch(request)),
        // Without `&`: auto-ref accepts branches of the type `Session` and of `&Session`.
        Some(session @ (Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::Unsafe(_))) => {
            code!((#session).fetch(request))
        }
        Some(session) => {
            let span = user_span(session);
            let krate = crate_at(krate, span);
            let request = local_at(span, "request");
            let session = reference(session);
            quote_spanned!(span=> #krate::Session::fetch(#session, #request))
        }
    };
    // The temporaries of the expression are dropped before the response is awaited.
    match request.session.as_ref().is_some_and(walk::calls) {
        true => {
            let exchange = Some(code!(let exchange = #fetched;));
            Fetch { exchange, response: code!(exchange #await_) }
        }
        false => Fetch { exchange: None, response: code!(#fetched #await_) },
    }
}

// Output: .path("id", &id)
//         .path("state", &::backstop::expansion::segment(&state).text())
fn placeholder(placeholder: &Placeholder, krate: &Path) -> TokenStream {
    let Placeholder { setter, text, value, is_displayed } = placeholder;
    let span = user_span(value);
    let mut text = Literal::string(text);
    text.set_span(span);
    if !is_displayed {
        let krate = crate_at(krate, span);
        let value = quote_spanned!(span=> #text, &#krate::expansion::segment(&#value).text());
        return call_at(span, setter, value);
    }
    call_at(span, setter, quote_spanned!(span=> #text, &#value))
}

// Output: .query(&filter)
fn query(value: &Expr) -> TokenStream {
    call_at(user_span(value), "query", reference(value))
}

// Output: .header("accept", kind)
fn header(name: &HeaderName, value: &Expr) -> TokenStream {
    let name = match name {
        HeaderName::Text(text) => text.to_token_stream(),
        HeaderName::Path(path) => path.to_token_stream(),
    };
    call_at(user_span(&name), "header", code!(#name, #value))
}

// Output: .headers(&map)
fn headers(map: &Expr) -> TokenStream {
    call_at(user_span(map), "headers", reference(map))
}

// Output: .bearer_auth(token)
fn auth(auth: &Auth, chain: &mut Chain) {
    match auth {
        Auth::Bearer(token) => {
            chain.call(call_at(user_span(token), "bearer_auth", token.to_token_stream()), &[token]);
        }
        Auth::Basic(user, password) => {
            let given = match walk::calls(user) && walk::calls(password) {
                true => chain.evaluate("user", chain::to_string_call(user)),
                false => user.to_token_stream(),
            };
            let call = call_at(user_span(user), "basic_auth", code!(#given, #password));
            chain.call(call, &[user, password]);
        }
    }
}

// Output: .json(&user)
//         .optional(::core::option::Option::as_ref(&user), ::backstop::Request::json)
fn content(content: &Content, krate: &Path) -> TokenStream {
    if content.is_optional {
        return optional_content(content, krate);
    }
    let value = match content.by_reference {
        true => reference(&content.value),
        false => content.value.to_token_stream(),
    };
    call_at(content.key.span(), &content.key.to_string(), value)
}

/// Located at the value, where rustc reports a type that is not an `Option`.
fn optional_content(content: &Content, krate: &Path) -> TokenStream {
    let span = user_span(&content.value);
    let krate = crate_at(krate, content.key.span());
    let key = &content.key;
    let value = match content.by_reference {
        true => {
            let value = reference(&content.value);
            quote_spanned!(span=> ::core::option::Option::as_ref(#value))
        }
        false => content.value.to_token_stream(),
    };
    call_at(span, "optional", quote_spanned!(span=> #value, #krate::Request::#key))
}

// Output: .success_statuses(&[200..=299, 304..=304])
fn expect(ranges: &[(u16, u16)]) -> TokenStream {
    let ranges = ranges.iter().map(|(first, last)| {
        let (first, last) = (Literal::u16_unsuffixed(*first), Literal::u16_unsuffixed(*last));
        code!(#first..=#last)
    });
    code!(.success_statuses(&[#(#ranges),*]))
}

// Output: .timeout(D).attempt_timeout(D).idle_timeout(D).max_body(65536).error_body(1024)
//         .max_redirects(3).deadline(deadline).any_content_type()
fn limits(request: &Request, chain: &mut Chain) {
    let timeouts = [
        ("timeout", &request.timeout),
        ("attempt_timeout", &request.attempt_timeout),
        ("idle_timeout", &request.idle_timeout),
    ];
    for (method, time) in timeouts {
        if let Some(time) = time {
            let duration = duration(time);
            chain.call(call_at(user_span(&duration), method, duration), time.expr().as_slice());
        }
    }
    for (method, size) in [("max_body", &request.max_body), ("error_body", &request.error_body)] {
        let Some(size) = size else { continue };
        let bytes = match size {
            Measure::Literal(bytes, _) => Literal::u64_unsuffixed(*bytes).to_token_stream(),
            Measure::Expr(size) => size.to_token_stream(),
        };
        chain.call(call_at(user_span(&bytes), method, bytes), size.expr().as_slice());
    }
    for (method, given) in
        [("max_redirects", &request.max_redirects), ("deadline", &request.deadline)]
    {
        if let Some(given) = given {
            chain.call(call_at(user_span(given), method, given.to_token_stream()), &[given]);
        }
    }
    if let Some(key) = &request.any_content_type {
        chain.call(call_at(key.span(), "any_content_type", TokenStream::new()), &[]);
    }
}

// Output: .with_options(options)
fn options(options: &Options) -> TokenStream {
    let Options { name, is_reference } = options;
    let span = name.span();
    let value = match is_reference {
        true => name.to_token_stream(),
        false => quote_spanned!(span=> &#name),
    };
    call_at(span, "with_options", value)
}

// Input:  retry = 3
// Output: .retry(3)
// Input:  retry(times = 3, on(Timeout), backoff(100ms..10s), idempotency_key, on_retry = note)
// Output: .retry(::backstop::Retry::times(3)
//             .on(|error| match error.kind() {
//                 ::backstop::ErrorKind::Timeout(_) => true,
//                 _ => false,
//             })
//             .backoff(::core::time::Duration::from_millis(100)..::core::time::Duration::from_secs(10))
//             .idempotency_key()
//             .on_retry(note))
fn retry(retry: &Retry, krate: &Path, chain: &mut Chain) {
    let (times, on, backoff, idempotency_key, on_retry) = match retry {
        Retry::Simple(times) => {
            return chain
                .call(call_at(user_span(times), "retry", times.to_token_stream()), &[times]);
        }
        Retry::Policy { times, on, backoff, idempotency_key, on_retry } => {
            (times, on, backoff, idempotency_key, on_retry)
        }
    };
    let evaluated = retry.exprs();
    let several = evaluated.iter().filter(|expr| walk::calls(expr)).count() > 1;
    let mut value = |name: &str, expr: &Expr| match several && walk::calls(expr) {
        true => chain.evaluate(name, expr.to_token_stream()),
        false => expr.to_token_stream(),
    };
    let given = value("times", times);
    let backoff = backoff.as_ref().map(|backoff| match backoff {
        Backoff::Range(first, longest) => {
            let mut end = |name: &str, end: &Measure<Duration>| match end {
                Measure::Expr(expr) => value(name, expr),
                Measure::Literal(..) => duration(end),
            };
            let (first, longest) = (end("first", first), end("longest", longest));
            call_at(user_span(times), "backoff", code!(#first..#longest))
        }
        Backoff::Expr(range) => {
            let given = value("backoff", range);
            call_at(user_span(range), "backoff", given)
        }
    });
    let observer = on_retry.as_ref().map(|observer| {
        let given = value("on_retry", observer);
        call_at(user_span(observer), "on_retry", given)
    });
    let on = on.as_ref().map(|pattern| {
        let kind = actions::kind_pattern(&pattern.kind, krate);
        let on = match pattern.matches_all() {
            true => code!(|_| true),
            false => code!(|error| match error.kind() { #kind => true, _ => false }),
        };
        call_at(pattern.span, "on", on)
    });
    let key = idempotency_key
        .as_ref()
        .map(|key| call_at(key.span(), "idempotency_key", TokenStream::new()));
    // rustc reports a borrow that ends too soon at the whole receiver of the call: located at the
    // observer if there is one, or at `times`.
    let span = on_retry.as_ref().map_or_else(|| user_span(times), user_span);
    let krate = crate_at(krate, span);
    let policy = quote_spanned!(span=> #krate::Retry::times(#given));
    let evaluated = if several { &[] } else { evaluated.as_slice() };
    chain.call(code!(.retry(#policy #on #backoff #key #observer)), evaluated);
}

// Input:  250ms
// Output: ::core::time::Duration::from_millis(250)
fn duration(duration: &Measure<Duration>) -> TokenStream {
    let duration = match duration {
        Measure::Literal(duration, _) => duration,
        Measure::Expr(expr) => return expr.to_token_stream(),
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
fn reads(request: &Request, item: &Item) -> TokenStream {
    match extracted(request, item) {
        Some(Extracted { ty, by_type: false, .. }) => {
            let span = user_span(&ty);
            let reads = Ident::new("reads", span);
            let nothing = parentheses(&ty, TokenStream::new());
            code!(.#reads::<#ty> #nothing)
        }
        _ => TokenStream::new(),
    }
}

/// What is read from the response: a tuple for several arguments.
pub(super) struct Extracted {
    pub(super) pat: TokenStream,
    pub(super) ty: TokenStream,
    /// Whether only the type tells if it needs the body.
    pub(super) by_type: bool,
    /// `let` statements for the arguments with lint attributes, which apply to nothing else.
    pub(super) lets: TokenStream,
}

// Input:  #[response] status: StatusCode, #[allow(unused_mut)] #[response] mut text: String
// Output: (status, second)
//         (StatusCode, String)
//         #[allow(unused_mut)] let mut text = second;
pub(super) fn extracted(request: &Request, item: &Item) -> Option<Extracted> {
    const NAMES: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
    let is_scoped = request.shape.is_scoped();
    // The parentheses of the tuple are located at the first type.
    let span = match item.responses.first() {
        Some(first) => user_span(&first.ty),
        None if is_scoped => Span::mixed_site(),
        None => return None,
    };
    let krate = crate_at(&request.krate, span);
    let mut lets = TokenStream::new();
    let of_items = item.responses.iter().zip(NAMES).map(|(response, name)| {
        let ResponseArg { attrs, pat, ty, .. } = response;
        if attrs.is_empty() {
            return (pat.to_token_stream(), ty.to_token_stream());
        }
        let name = Ident::new(name, Span::mixed_site());
        lets.extend(code!(#(#attrs)* let #pat = #name;));
        (name.to_token_stream(), ty.to_token_stream())
    });
    let scope = is_scoped.then(|| (code!(scope), quote_spanned!(span=> #krate::expansion::Scope)));
    let (pats, types): (Vec<_>, Vec<_>) = scope.into_iter().chain(of_items).unzip();
    let (pat, ty) = match (pats.as_slice(), types.as_slice()) {
        ([pat], [ty]) => (pat.clone(), ty.clone()),
        _ => (code!((#(#pats),*)), quote_spanned!(span=> (#(#types),*))),
    };
    let by_type = item.responses.last().is_some_and(|last| !is_known(&last.ty));
    Some(Extracted { pat, ty, by_type, lets })
}

/// Whether the type's name is one of the library's, so that dispatch by type is not needed: it takes
/// rustc longer.
fn is_known(ty: &Type) -> bool {
    const KNOWN: [&str; 10] = [
        "BodyStream",
        "Bytes",
        "Deadline",
        "HeaderMap",
        "Json",
        "Response",
        "StatusCode",
        "String",
        "Vec",
        "Version",
    ];
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| KNOWN.iter().any(|name| last.ident == name)),
        Type::Group(group) => is_known(&group.elem),
        _ => false,
    }
}

// Output: let reader = ::backstop::expansion::extract::<Remaining>()
//             .reader(::backstop::FromResponse::from_response);
pub(super) fn extracted_reader(request: &Request, taken: &Extracted) -> Option<TokenStream> {
    let Extracted { ty, by_type, .. } = taken;
    // Located at the type: rustc reports one that cannot be read there.
    let span = user_span(ty);
    let krate = crate_at(&request.krate, span);
    let reader = quote_spanned! {span=>
        #krate::expansion::extract::<#ty>().reader(#krate::FromResponse::from_response)
    };
    by_type.then(|| code!(let reader = #reader;))
}

// Output: ::backstop::expansion::read::<Json<User>>(response)
//         reader.read(response)
pub(super) fn read(request: &Request, Extracted { ty, by_type, .. }: &Extracted) -> TokenStream {
    if *by_type {
        return code!(reader.read(response));
    }
    // Located at the type: rustc reports one that cannot be read there, and only once, since `reads` has
    // the same bound at the same place.
    let span = user_span(ty);
    let krate = crate_at(&request.krate, span);
    let read = Ident::new("read", span);
    code!(#krate::expansion::#read::<#ty>(response))
}

/// `&expr`, in parentheses if it needs them.
fn reference(expr: &Expr) -> TokenStream {
    // With the user's span, so that errors do not mention the attribute.
    let span = user_span(expr);
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
