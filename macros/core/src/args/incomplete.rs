//! Half-typed values → the same, with an error where the rest is missing.
//!
//! An editor expands the attribute twice, as it is and with a name at the cursor, and finds the types for its
//! completions where both expansions have the same code. A missing part therefore becomes an expression that
//! contains an error, and the function is expanded. For rustc, an index with a reported error has every type.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::quote;

/// The keys whose value is an expression.
const VALUES: [&str; 12] = [
    "session",
    "query",
    "headers",
    "bearer",
    "json",
    "form",
    "text",
    "body",
    "multipart",
    "fallback",
    "cleanup",
    "finally",
];

/// The tokens of an attribute, completed, and an error for each missing part.
// Input:  bearer = self., json =
// Output: bearer = self[::core::compile_error! { "…" }], json = ::core::compile_error! { "…" }
pub(super) fn complete(tokens: TokenStream) -> (TokenStream, Vec<syn::Error>) {
    let mut missing = Vec::new();
    let tokens = entries(tokens, &mut missing);
    (tokens, missing)
}

/// The keys, each with its value.
fn entries(tokens: TokenStream, missing: &mut Vec<syn::Error>) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut out = TokenStream::new();
    for (at, tree) in trees.iter().enumerate() {
        match (tree, at.checked_sub(1).and_then(|before| trees.get(before))) {
            (TokenTree::Group(group), Some(TokenTree::Ident(key))) if key == "on_error" => {
                let before = missing.len();
                let arms = arms(group.stream(), missing);
                out.extend([completed(group, arms, missing.len() > before)]);
            }
            (TokenTree::Punct(sign), Some(TokenTree::Ident(key)))
                if sign.as_char() == '=' && is_missing(trees.get(at + 1)) =>
            {
                out.extend([tree.clone()]);
                let name = key.to_string();
                if VALUES.contains(&name.as_str()) {
                    let message = format!("the value of `{name}` is missing: write `{name} = …`");
                    out.extend(reported(key.span(), &message, missing));
                }
            }
            _ => expression(&trees, at, &mut out, missing),
        }
    }
    out
}

/// Arms, of which the last may have a guard and no action yet.
fn arms(tokens: TokenStream, missing: &mut Vec<syn::Error>) -> TokenStream {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, sign: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    let begins = (0..trees.len()).rev().find(|at| is(*at, ',')).map_or(0, |comma| comma + 1);
    let before = missing.len();
    let mut out = TokenStream::new();
    for at in 0..trees.len() {
        expression(&trees, at, &mut out, missing);
    }
    let arm = trees.get(begins..).unwrap_or_default();
    let guarded = arm.iter().any(|tree| matches!(tree, TokenTree::Ident(word) if word == "if"));
    let has_action = (begins..trees.len()).any(|at| is(at, '=') && is(at + 1, '>'));
    if let (Some(first), true, false) = (arm.first(), guarded, has_action) {
        let action = match missing.len() == before {
            true => reported(first.span(), NO_ACTION, missing),
            false => quote!({}),
        };
        out.extend(quote!(=> #action));
    }
    out
}

const NO_ACTION: &str =
    "expected `=>`: write `PATTERN => ACTION` for an arm, or `on_error = ACTION` for all errors";

/// One token of an expression. A `.` that no name follows becomes an index.
fn expression(
    trees: &[TokenTree],
    at: usize,
    out: &mut TokenStream,
    missing: &mut Vec<syn::Error>,
) {
    let before = at.checked_sub(1).and_then(|before| trees.get(before));
    match &trees[at] {
        TokenTree::Punct(dot)
            if dot.as_char() == '.' && is_value(before) && ends(trees.get(at + 1)) =>
        {
            const MESSAGE: &str = "a name is missing after this `.`: write a field or a method";
            let error = reported(dot.span(), MESSAGE, missing);
            let mut index = Group::new(Delimiter::Bracket, error);
            index.set_span(dot.span());
            out.extend([TokenTree::Group(index)]);
        }
        TokenTree::Group(group) => {
            let trees: Vec<TokenTree> = group.stream().into_iter().collect();
            let (mut inside, before) = (TokenStream::new(), missing.len());
            for at in 0..trees.len() {
                expression(&trees, at, &mut inside, missing);
            }
            out.extend([completed(group, inside, missing.len() > before)]);
        }
        tree => out.extend([tree.clone()]),
    }
}

/// Whether a value may end in this token: `..` and a `.` at the beginning are something else.
fn is_value(tree: Option<&TokenTree>) -> bool {
    match tree {
        Some(TokenTree::Punct(punct)) => punct.as_char() == '?',
        Some(TokenTree::Ident(_) | TokenTree::Group(_) | TokenTree::Literal(_)) => true,
        None => false,
    }
}

/// Whether there is no value before this token.
fn is_missing(tree: Option<&TokenTree>) -> bool {
    match tree {
        None => true,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ',',
        Some(_) => false,
    }
}

/// Whether the value ends before this token.
fn ends(tree: Option<&TokenTree>) -> bool {
    match tree {
        None => true,
        Some(TokenTree::Punct(punct)) => ",;=)|&+-*/<>".contains(punct.as_char()),
        Some(_) => false,
    }
}

// Output: ::core::compile_error! { "…" }
fn reported(span: Span, message: &str, missing: &mut Vec<syn::Error>) -> TokenStream {
    let error = syn::Error::new(span, message);
    let tokens = error.to_compile_error();
    missing.push(error);
    tokens
}

/// Returns the group unchanged if nothing was missing, because a new group has a single span for both
/// delimiters.
fn completed(group: &Group, tokens: TokenStream, changed: bool) -> TokenTree {
    if !changed {
        return TokenTree::Group(group.clone());
    }
    let mut new = Group::new(group.delimiter(), tokens);
    new.set_span(group.span());
    TokenTree::Group(new)
}

#[cfg(test)]
mod tests {
    use super::complete;

    fn completed(text: &str) -> (String, usize) {
        let (tokens, missing) = complete(text.parse().expect("tokens"));
        let plain = |text: String| text.replace(":: core :: compile_error", "E").replace(' ', "");
        (plain(tokens.to_string()), missing.len())
    }

    #[test]
    fn a_dot_without_a_name_becomes_an_index() {
        for (text, expected) in [
            ("bearer = self.", "bearer=self[E!{"),
            ("bearer = self., json = x", "bearer=self[E!{"),
            ("header(\"x\" = id.)", "header(\"x\"=id[E!{"),
            ("on_error(e @ Connect if e. => log)", "on_error(e@Connectife[E!{"),
            ("on_error = |e| drop(e.)", "on_error=|e|drop(e[E!{"),
            ("query = &self.items().", "query=&self.items()[E!{"),
        ] {
            let (tokens, missing) = completed(text);
            assert!(tokens.starts_with(expected), "{text}: {tokens}");
            assert_eq!(missing, 1, "{text}");
        }
    }

    #[test]
    fn an_arm_with_a_guard_and_no_action_gets_one() {
        let (tokens, missing) = completed("on_error(_ => log, e @ Connect if e.)");
        assert!(tokens.ends_with("=>{})"), "{tokens}");
        assert_eq!(missing, 1);
        let (tokens, missing) = completed("on_error(e @ Connect if busy(e))");
        assert!(tokens.contains("=>E!{"), "{tokens}");
        assert_eq!(missing, 1);
    }

    #[test]
    fn a_missing_value_is_an_error() {
        assert!(completed("get = \"/\", bearer =").0.contains("bearer=E!{"));
        assert!(completed("bearer = , get = \"/\"").0.contains("bearer=E!{"));
        assert_eq!(completed("get = ").1, 0);
    }

    #[test]
    fn complete_attributes_are_unchanged() {
        for text in [
            "retry(times=1,backoff(base..longest))",
            "expect(200..=299)",
            "json=&ids[..]",
            "json=Item{id,..item}",
            "json=&ids[1..]",
            "on_error(Status(404..)=>log,Timeout(_)ifx.y=>log)",
            "bearer=self.0.token()",
            "max_body=1.5MB",
            "cleanup=a.await",
        ] {
            let expected = text.parse::<proc_macro2::TokenStream>().expect("tokens").to_string();
            let (tokens, missing) = complete(text.parse().expect("tokens"));
            assert_eq!(tokens.to_string(), expected);
            assert!(missing.is_empty(), "{text}");
        }
    }
}
