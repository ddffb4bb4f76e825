//! An item whose attribute has mistakes → the same item without them, so that its callers, and
//! whatever else is in the file, still type-check and the mistakes are all that is reported.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ReturnType, Token, Type};

use crate::errors::Errors;
use crate::item::Item;
use crate::scan;

// Input:  #[request(gett = "/users/{id}")]
//         async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> { Ok(user) }
// Output: ::core::compile_error! { "unknown key `gett`; did you mean `get`?" }
//         #[allow(unused, clippy::all)]
//         async fn user(id: u64) -> Result<User, Error> { let _ = |Json(user): Json<User>| {}; loop {} }
pub(crate) fn item(item: Item, errors: &Errors) -> TokenStream {
    let errors = errors.to_compile_errors();
    let Item { attrs, vis, mut sig, responses, body, .. } = item;
    // Callers were written for the function that the mistakes are in the way of.
    sig.constness = None;
    sig.abi = None;
    sig.variadic = None;
    sig.asyncness.get_or_insert(Token![async](sig.fn_token.span));
    // What they name stays in use, as an import that is not would be one more message.
    let named = responses.iter().filter(|response| !is_hidden(&response.ty)).map(|response| {
        let (pat, ty) = (&response.pat, &response.ty);
        quote!(let _ = |#pat: #ty| {};)
    });
    let stub = match (hidden(&sig.output), body) {
        (false, _) => quote!(#(#named)* loop {}),
        // Only the body knows what the type is.
        (true, Some(body)) => {
            let body = body.tokens;
            let lets = responses.iter().map(|response| {
                let (pat, ty) = (&response.pat, &response.ty);
                quote!(let #pat: #ty = loop {};)
            });
            quote!(#(#lets)* #body)
        }
        (true, None) => return errors,
    };
    // Nothing that a stub leaves undone is worth a warning beside the mistakes.
    quote! {
        #errors
        #(#attrs)*
        #[allow(unused, clippy::all)]
        #vis #sig { #stub }
    }
}

/// Whether the return type says `impl Trait`, which a body that never ends does not implement.
fn hidden(output: &ReturnType) -> bool {
    match output {
        ReturnType::Default => false,
        ReturnType::Type(_, ty) => is_hidden(ty),
    }
}

fn is_hidden(ty: &Type) -> bool {
    scan::impl_trait(&quote!(#ty)).is_some()
}
