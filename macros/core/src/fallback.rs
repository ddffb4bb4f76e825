//! An item whose attribute has mistakes → the same item without them, so that its callers, and
//! whatever else is in the file, still type-check and the mistakes are all that is reported.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{LitStr, ReturnType, Token, Type};

use crate::errors::Errors;
use crate::item::{Item, ResponseArg};
use crate::scan;

// Input:  #[request(gett = "/users/{id}")]
//         async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> { Ok(user) }
// Output: ::core::compile_error! { "unknown key `gett`; did you mean `get`?" }
//         #[allow(unused, clippy::all, clippy::pedantic)]
//         async fn user(id: u64) -> Result<User, Error> {
//             let Json(user): Json<User> = loop {};
//             Ok(user)
//         }
pub(crate) fn item(item: Item, named: &[Ident], errors: &Errors) -> TokenStream {
    let compile_errors = errors.to_compile_errors();
    let misspelt = errors.templates().into_iter().map(|template| checked_template(template, &item));
    let misspelt: TokenStream = misspelt.collect();
    let kept = keep_in_use(named, &item);
    let rewritten = item.is_rewritten();
    let Item { attrs, vis, mut sig, responses, body, boxed, .. } = item;
    // Callers were written for the function that the mistakes are in the way of.
    sig.constness = None;
    sig.abi = None;
    sig.variadic = None;
    if !rewritten {
        sig.asyncness.get_or_insert(Token![async](sig.fn_token.span));
    }
    let has_impl_trait = responses.iter().any(|response| has_impl_trait(&response.ty));
    let lets = responses.iter().map(|ResponseArg { pat, ty, .. }| quote!(let #pat: #ty = loop {};));
    let stub = match body {
        // What the body names stays in use, as an import that is not would be one more message, and
        // other mistakes in it are not for a second round.
        Some(body) if !has_impl_trait && !body.tokens.is_empty() => {
            let body = body.tokens;
            let block = quote!(#(#lets)* #body);
            match returns_nothing(&sig.output) {
                // Perhaps the return type is what is missing.
                true => quote!(let _ = async { #block }; loop {}),
                false => block,
            }
        }
        // Nothing says what the type is.
        _ if returns_impl_trait(&sig.output) => return errors.to_all_compile_errors(),
        Some(_) if !has_impl_trait => quote!(#(#lets)* loop {}),
        _ => quote!(loop {}),
    };
    let stub = match boxed {
        None => quote!(#kept #misspelt #stub),
        Some(written) => {
            sig.asyncness = None;
            sig.output = written;
            quote!(::std::boxed::Box::pin(async move { #kept #misspelt #stub }))
        }
    };
    // Nothing that a stub leaves undone is worth a warning beside the mistakes.
    quote! {
        #compile_errors
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
    // Under `#[cfg]`, several may have one name.
    let mut names: Vec<&Ident> = Vec::new();
    for (name, _) in &bindings {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    // A module of its own: what else is in scope is no argument.
    quote! {
        const _: () = {
            mod template {
                fn arguments(#(#names: u8),*) { let _ = ::core::format_args!(#template); }
            }
        };
    }
}

// Input:  session = SESSION, on_error = notify
// Output: use SESSION as _; use notify as _;
fn keep_in_use(named: &[Ident], item: &Item) -> TokenStream {
    let bindings = item.bindings();
    let is_parameter =
        |name: &Ident| item.sig.generics.type_params().any(|parameter| parameter.ident == *name);
    let is_bound = |name: &&Ident| {
        is_parameter(name) || bindings.iter().any(|(bound, _)| bound.unraw() == name.unraw())
    };
    let items = named.iter().filter(|name| !is_bound(name));
    items.map(|item| quote!(use #item as _;)).collect()
}

fn returns_nothing(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
    }
}

/// Whether the return type says `impl Trait`, which a body that never ends does not implement.
fn returns_impl_trait(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => has_impl_trait(ty),
    }
}

fn has_impl_trait(ty: &Type) -> bool {
    scan::first_impl_trait(&quote!(#ty)).is_some()
}
