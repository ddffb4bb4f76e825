//! An item whose attribute has mistakes → the same item with a stub body.
//!
//! The callers of the item, and the rest of the file, still type-check, so only the mistakes are reported.
//! Each mistake is an expression of the stub: rustc then treats the body as having a reported error, and
//! reports neither failed inference nor moved values in it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, LitStr, ReturnType, Token, Type};

use crate::args::Named;
use crate::errors::Errors;
use crate::item::{Form, Item, ResponseArg};
use crate::scan;

// Input:  #[request(gett = "/users/{id}")]
//         async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> { Ok(user) }
// Output: #[allow(unused, clippy::all, clippy::pedantic)]
//         async fn user(id: u64) -> Result<User, Error> {
//             let _ = ::core::compile_error! { "unknown key `gett`; did you mean `get`?" };
//             let Json(user): Json<User> = loop {};
//             Ok(user)
//         }
pub(crate) fn item(item: Item, named: &Named, errors: &Errors) -> TokenStream {
    // Code of a test is left out of other builds.
    let is_test =
        |attr: &Attribute| attr.path().segments.last().is_some_and(|last| last.ident == "test");
    let is_test = item.attrs.iter().any(is_test);
    let (outside, inside) = match is_test {
        true => (errors.to_compile_errors(), TokenStream::new()),
        false => {
            let misspelt = errors.templates();
            let misspelt = misspelt.into_iter().map(|template| checked_template(template, &item));
            (TokenStream::new(), quote!(#(#misspelt)*))
        }
    };
    let mistakes = if is_test { Vec::new() } else { errors.to_expressions() };
    let kept = keep_in_use(named, mistakes);
    let rewritten = item.is_rewritten();
    let Item { attrs, vis, mut sig, responses, body, form, .. } = item;
    // Callers expect the function without these mistakes.
    sig.constness = None;
    sig.abi = None;
    sig.variadic = None;
    if !rewritten {
        sig.asyncness.get_or_insert(Token![async](sig.fn_token.span));
    }
    let has_impl_trait = responses.iter().any(|response| has_impl_trait(&response.ty));
    let lets = responses.iter().map(|ResponseArg { pat, ty, .. }| quote!(let #pat: #ty = loop {};));
    let stub = match body {
        // The body stays: otherwise rustc would report its imports as unused, and its own mistakes only
        // in the next build.
        Some(body) if !has_impl_trait && !body.tokens.is_empty() => {
            let body = body.tokens;
            let block = quote!(#(#lets)* #body);
            match returns_nothing(&sig.output) {
                // The return type may be missing, so the body's type is not checked.
                true => quote!(let _ = async { #block }; loop {}),
                false => block,
            }
        }
        // A stub cannot implement `impl Trait`.
        _ if returns_impl_trait(&sig.output) => return errors.to_compile_errors(),
        Some(_) if !has_impl_trait => quote!(#(#lets)* loop {}),
        _ => quote!(loop {}),
    };
    let stub = quote!(#inside #kept #stub);
    let stub = match form {
        Form::Async => stub,
        Form::Boxed(written) => {
            (sig.asyncness, sig.output) = (None, written);
            quote!(::std::boxed::Box::pin(async move { #stub }))
        }
        Form::Future(written) => {
            (sig.asyncness, sig.output) = (None, written);
            quote!(async move { #stub })
        }
    };
    // Warnings about the stub would distract from the mistakes.
    quote! {
        #outside
        #(#attrs)*
        #[allow(unused, clippy::all, clippy::pedantic)]
        #vis #sig { #stub }
    }
}

// Input:  "/users/{idd}", in a function with the argument `id`
// Output: mod template { fn arguments(id: u8) { let _ = ::core::format_args!("/users/{idd}"); } }
//         in a constant without a name
fn checked_template(template: &LitStr, item: &Item) -> TokenStream {
    let bindings = item.bindings();
    // Under `#[cfg]`, several arguments may have the same name.
    let mut names: Vec<&Ident> = Vec::new();
    for (name, _) in &bindings {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // A separate module, so that rustc suggests no other name in scope.
    quote! {
        const _: () = {
            mod template {
                fn arguments(#(#names: u8),*) { let _ = ::core::format_args!(#template); }
            }
        };
    }
}

// Input:  session = S::session(), on_error(ErrorKind::Timeout => notify)
// Output: let _ = || { let _ = &S::session; let _ = &notify; };
//         {
//             #[allow(non_upper_case_globals)] const ErrorKind: () = ();
//             let _ = ::core::compile_error! { "…" }.used::<ErrorKind>();
//         }
fn keep_in_use(named: &Named, mut mistakes: Vec<TokenStream>) -> TokenStream {
    let (values, attribute) = (&named.values, &named.attribute);
    let attribute = attribute.as_ref().map(|word| quote!(use #word as _;));
    let values = (!values.is_empty()).then(|| quote!(let _ = || { #(let _ = &#values;)* };));
    let mut owners: Vec<&Ident> = Vec::new();
    for owner in &named.owners {
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    // A generic argument is a type, or a constant if there is no type of the name: so an import is in use,
    // and none is missing. rustc does not look for a method of an expression that is a reported error.
    if let (Some(reported), false) = (mistakes.first_mut(), owners.is_empty()) {
        *reported = quote!({
            #(#[allow(non_upper_case_globals)] const #owners: () = ();)*
            #reported.used::<#(#owners),*>()
        });
    }
    quote!(#values #attribute #(let _ = #mistakes;)*)
}

fn returns_nothing(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
    }
}

/// Whether the return type contains `impl Trait`, which a diverging body does not implement.
fn returns_impl_trait(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => has_impl_trait(ty),
    }
}

fn has_impl_trait(ty: &Type) -> bool {
    scan::first_impl_trait(&quote!(#ty)).is_some()
}
