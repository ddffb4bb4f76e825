//! A function that `#[async_trait]` has rewritten → the original `async fn`.
//!
//! `#[async_trait]` turns an `async fn` into
//! `fn f(…) -> Pin<Box<dyn Future<Output = T> + Send + 'async_trait>>`, puts the body into
//! `Box::pin(async move { … })`, and binds each argument to its pattern in that block. The expansion
//! goes into the block as well.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::{
    AssocType, Block, Expr, ExprPath, GenericArgument, Local, Pat, PathArguments, ReturnType, Stmt,
    Type, TypeParamBound,
};

/// The `Output` of the future, if `#[async_trait]` wrote the return type.
pub(crate) fn original_output(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let boxed = argument(ty, "Pin").and_then(|ty| argument(ty, "Box"))?;
    let Type::TraitObject(object) = boxed else {
        return None;
    };
    let is_its = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "async_trait");
    if !object.bounds.iter().any(is_its) {
        return None;
    }
    object.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => match &bound.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => {
                arguments.args.iter().find_map(|argument| match argument {
                    GenericArgument::AssocType(AssocType { ty, .. }) => Some(ty.clone()),
                    _ => None,
                })
            }
            _ => None,
        },
        _ => None,
    })
}

/// `T` of `name<T>`.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The original body, and the patterns of the arguments.
pub(crate) struct Original {
    pub(crate) body: TokenStream,
    /// Each with its name in the rewritten signature.
    pub(crate) patterns: Vec<(ExprPath, Pat)>,
}

/// The original of a rewritten body.
pub(crate) fn original(body: &TokenStream) -> Option<Original> {
    // Box::pin(async move { … })
    let inside = last_group(body, Delimiter::Parenthesis)?;
    let statements = Block::parse_within.parse2(last_group(&inside, Delimiter::Brace)?).ok()?;
    let mut patterns = Vec::new();
    let mut kept = TokenStream::new();
    for statement in statements {
        let Stmt::Local(Local { pat, init: Some(init), .. }) = &statement else {
            continue;
        };
        match (pat, &*init.expr) {
            // `let __self = self;`, and the body says `__self`.
            (Pat::Ident(name), Expr::Path(_)) if name.ident == "__self" => {
                kept.extend(statement.to_token_stream());
            }
            // `let __ret: T = { BODY };`, or `let _: () = { BODY };`
            (Pat::Type(_), Expr::Block(block)) => {
                let statements = &block.block.stmts;
                return Some(Original { body: quote!(#kept #(#statements)*), patterns });
            }
            // `let mut name = name;`
            (pat, Expr::Path(path)) => patterns.push((path.clone(), pat.clone())),
            // `let (a, b) = { let __arg1 = __arg1; __arg1 };`
            (pat, Expr::Block(block)) => {
                if let Some(Stmt::Expr(Expr::Path(path), None)) = block.block.stmts.last() {
                    patterns.push((path.clone(), pat.clone()));
                }
            }
            _ => {}
        }
    }
    None
}

fn last_group(tokens: &TokenStream, delimiter: Delimiter) -> Option<TokenStream> {
    match tokens.clone().into_iter().last() {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream()),
        _ => None,
    }
}
