//! Answers about tokens that are never parsed: whether they leave the function or await, and which
//! names they use.

use std::collections::HashSet;

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;

/// Macros of the standard library that never return.
pub(crate) const DIVERGING_MACROS: [&str; 4] = ["panic", "todo", "unimplemented", "unreachable"];

/// The first `return` or `?` outside of `async` blocks. Inside, they leave the block only.
pub(crate) fn early_exit(tokens: &TokenStream) -> Option<(Span, &'static str)> {
    let mut scan = Scan::default();
    for tree in tokens.clone() {
        match &tree {
            TokenTree::Ident(ident) if ident == "return" => {
                return Some((ident.span(), "return"));
            }
            TokenTree::Punct(punct) if punct.as_char() == '?' && !scan.in_bounds() => {
                return Some((punct.span(), "?"));
            }
            TokenTree::Group(group) if !scan.after_async(group.delimiter()) => {
                if let Some(found) = early_exit(&group.stream()) {
                    return Some(found);
                }
            }
            _ => {}
        }
        scan.step(tree);
    }
    None
}

/// Whether `tokens` may leave the function: by `return` or `?`, or in a macro that may expand to one.
pub(crate) fn may_leave(tokens: &TokenStream) -> bool {
    early_exit(tokens).is_some() || calls_unknown_macro(tokens)
}

/// Whether `tokens` may await: an `.await` anywhere, `async` blocks included, or an unknown macro.
pub(crate) fn may_await(tokens: &TokenStream) -> bool {
    let mut scan = Scan::default();
    for tree in tokens.clone() {
        let found = match &tree {
            TokenTree::Ident(word) => word == "await",
            TokenTree::Group(group) => scan.at_unknown_macro() || may_await(&group.stream()),
            _ => false,
        };
        if found {
            return true;
        }
        scan.step(tree);
    }
    false
}

/// Whether `tokens` await: an `.await` outside of `async` blocks, or a macro that is known to await.
pub(crate) fn awaits(tokens: &TokenStream) -> bool {
    let mut scan = Scan::default();
    for tree in tokens.clone() {
        let found = match &tree {
            TokenTree::Ident(word) => word == "await",
            TokenTree::Group(group) => {
                let name = scan.macro_name();
                name.is_some_and(|name| AWAITING_MACROS.contains(&name.as_str()))
                    || (!scan.after_async(group.delimiter()) && awaits(&group.stream()))
            }
            _ => false,
        };
        if found {
            return true;
        }
        scan.step(tree);
    }
    false
}

/// The first call of `recover` or `fail`, which end an arm.
pub(crate) fn ending_call(tokens: &TokenStream) -> Option<Ident> {
    let mut scan = Scan::default();
    for tree in tokens.clone() {
        if let TokenTree::Group(group) = &tree {
            let path_or_item = match &scan.before_last {
                Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '.' | ':'),
                Some(TokenTree::Ident(word)) => word == "fn",
                _ => false,
            };
            match &scan.last {
                Some(TokenTree::Ident(word))
                    if (word == "recover" || word == "fail")
                        && group.delimiter() == Delimiter::Parenthesis
                        && !path_or_item =>
                {
                    return Some(word.clone());
                }
                _ => {}
            }
            if let Some(found) = ending_call(&group.stream()) {
                return Some(found);
            }
        }
        scan.step(tree);
    }
    None
}

/// Whether a body ends in a macro that never returns, such as `todo!()`.
pub(crate) fn diverges(tokens: &TokenStream) -> bool {
    let mut scan = Scan::default();
    let mut diverged = false;
    for tree in tokens.clone() {
        diverged = match &tree {
            TokenTree::Group(_) => {
                scan.macro_name().is_some_and(|name| DIVERGING_MACROS.contains(&name.as_str()))
            }
            TokenTree::Punct(punct) => diverged && punct.as_char() == ';',
            _ => false,
        };
        scan.step(tree);
    }
    diverged
}

/// Whether the end of a body may diverge, as `loop { … }` and a function that returns `!` do. Any call
/// of a function may.
pub(crate) fn may_diverge(tokens: &TokenStream) -> bool {
    let mut scan = Scan::default();
    let mut found = false;
    for tree in tokens.clone() {
        found = match &tree {
            TokenTree::Group(group) => scan.may_diverge_at(group.delimiter()),
            TokenTree::Punct(punct) => found && punct.as_char() == ';',
            _ => false,
        };
        scan.step(tree);
    }
    found
}

/// Macros that expand to an `.await`.
const AWAITING_MACROS: [&str; 5] = ["join", "race", "select", "try_join", "try_select"];

/// Macros whose expansion never leaves the function.
const STAYING_MACROS: [&str; 47] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "column",
    "concat",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "debug_span",
    "env",
    "eprint",
    "eprintln",
    "error",
    "error_span",
    "event",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "info",
    "info_span",
    "json",
    "line",
    "log",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "span",
    "stringify",
    "todo",
    "trace",
    "trace_span",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "warn_span",
    "write",
    "writeln",
    "compile_error",
];

fn calls_unknown_macro(tokens: &TokenStream) -> bool {
    let mut scan = Scan::default();
    for tree in tokens.clone() {
        if let TokenTree::Group(group) = &tree {
            let inside =
                !scan.after_async(group.delimiter()) && calls_unknown_macro(&group.stream());
            if scan.at_unknown_macro() || inside {
                return true;
            }
        }
        scan.step(tree);
    }
    false
}

/// A pass over tokens that remembers the two before the current one.
#[derive(Default)]
struct Scan {
    before_last: Option<TokenTree>,
    last: Option<TokenTree>,
}

impl Scan {
    fn step(&mut self, tree: TokenTree) {
        self.before_last = self.last.replace(tree);
    }

    /// `?` of `T: ?Sized`.
    fn in_bounds(&self) -> bool {
        matches!(&self.last, Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), ':' | '+'))
    }

    /// Whether the group is the block of `async` or `async move`.
    fn after_async(&self, delimiter: Delimiter) -> bool {
        let is = |tree: &Option<TokenTree>, word: &str| matches!(tree, Some(TokenTree::Ident(ident)) if ident == word);
        delimiter == Delimiter::Brace
            && (is(&self.last, "async")
                || (is(&self.last, "move") && is(&self.before_last, "async")))
    }

    /// Whether a name at this position is used as a value (`true`) or bound (`false`). `None` for
    /// anything else, such as a field or a function.
    fn name_use(&self, next: Option<&TokenTree>) -> Option<bool> {
        let before = match &self.last {
            Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
            Some(TokenTree::Ident(word))
                if ["let", "mut", "ref", "fn", "for", "mod"].iter().any(|other| word == other) =>
            {
                return Some(false);
            }
            _ => None,
        };
        let after = match next {
            // A path.
            Some(TokenTree::Punct(punct))
                if punct.as_char() == ':' && punct.spacing() == Spacing::Joint =>
            {
                return None;
            }
            Some(TokenTree::Punct(punct)) => Some(punct.as_char()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                return None;
            }
            _ => None,
        };
        match (before, after) {
            (Some('.'), _) | (_, Some('!')) => None,
            _ if self.in_path() => None,
            // After a closure's argument comes its type, after a field its value.
            (Some('|'), _) | (_, Some('@' | '=' | '|' | ':')) => Some(false),
            _ if follows_pattern(next) => Some(false),
            _ => Some(true),
        }
    }

    /// Whether the last two tokens are `::`.
    fn in_path(&self) -> bool {
        let colon = |tree: &Option<TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        colon(&self.before_last) && colon(&self.last)
    }

    /// Whether the group belongs to a macro that may leave the function.
    fn at_unknown_macro(&self) -> bool {
        self.macro_name().is_some_and(|name| !STAYING_MACROS.contains(&name.as_str()))
    }

    /// Whether the group is a block, or the arguments of a function that may diverge. Methods and the
    /// constructors of types and variants are taken to return.
    fn may_diverge_at(&self, delimiter: Delimiter) -> bool {
        if let Some(name) = self.macro_name() {
            let name = name.as_str();
            return DIVERGING_MACROS.contains(&name) || !STAYING_MACROS.contains(&name);
        }
        let constructor =
            matches!(&self.last, Some(TokenTree::Ident(word)) if is_capitalized(word));
        let method =
            matches!(&self.before_last, Some(TokenTree::Punct(dot)) if dot.as_char() == '.');
        delimiter != Delimiter::Bracket && !constructor && !method && self.last.is_some()
    }

    /// `name` of `name!`, if a group is next. `if !(…)` is not a macro.
    fn macro_name(&self) -> Option<String> {
        match (&self.before_last, &self.last) {
            (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(punct)))
                if punct.as_char() == '!' && !is_keyword(name) =>
            {
                Some(name.unraw().to_string())
            }
            _ => None,
        }
    }
}

fn is_capitalized(name: &Ident) -> bool {
    name.unraw().to_string().starts_with(char::is_uppercase)
}

fn is_keyword(name: &Ident) -> bool {
    syn::parse2::<Ident>(TokenTree::Ident(name.clone()).into()).is_err()
}

/// Adds the identifiers in `tokens`, including those that a format string captures.
pub(crate) fn idents(tokens: TokenStream, found: &mut HashSet<String>) {
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                found.insert(ident.unraw().to_string());
            }
            TokenTree::Group(group) => idents(group.stream(), found),
            TokenTree::Literal(literal) => captured_idents(&literal.to_string(), found),
            TokenTree::Punct(_) => {}
        }
    }
}

/// The first word of each path with several, if it names a type.
pub(crate) fn owners_of_paths(tokens: TokenStream) -> Vec<Ident> {
    let mut found = Vec::new();
    let mut scan = Scan::default();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Group(group) => found.extend(owners_of_paths(group.stream())),
            TokenTree::Ident(word) if is_capitalized(word) && !scan.in_path() => {
                let owns = matches!(trees.peek(), Some(TokenTree::Punct(colon)) if colon.as_char() == ':' && colon.spacing() == Spacing::Joint);
                found.extend(owns.then(|| word.clone()));
            }
            _ => {}
        }
        scan.step(tree);
    }
    found
}

/// Whether `tokens` contain `word`.
pub(crate) fn has_ident(tokens: &impl ToTokens, word: &str) -> bool {
    let mut found = HashSet::new();
    idents(tokens.to_token_stream(), &mut found);
    found.contains(word)
}

/// The first of `names` that `tokens` use as a value or capture in a format string, and its span.
/// `None` if the tokens bind the name before.
pub(crate) fn first_use(tokens: &TokenStream, names: &[&str]) -> Option<(String, Span)> {
    find_use(tokens, names, false).and_then(|found| match found {
        Found::Used(name, span) => Some((name, span)),
        Found::Bound => None,
    })
}

enum Found {
    Used(String, Span),
    /// The name may be bound here, so later uses may mean this binding.
    Bound,
}

fn find_use(tokens: &TokenStream, names: &[&str], in_macro: bool) -> Option<Found> {
    let mut scan = Scan::default();
    let mut trees = tokens.clone().into_iter().peekable();
    // The arguments of a closure stand between an odd and an even bar.
    let mut bars = 0;
    while let Some(tree) = trees.next() {
        let next = trees.peek();
        let found = match &tree {
            TokenTree::Ident(word) if bars % 2 == 1 && names.iter().any(|name| word == name) => {
                Some(Found::Bound)
            }
            TokenTree::Ident(word) => {
                let name = names.iter().find(|name| word == *name);
                name.and_then(|name| scan.name_use(next).map(|used| (used, name))).map(
                    |(used, name)| match used {
                        true => Found::Used((*name).to_owned(), word.span()),
                        false => Found::Bound,
                    },
                )
            }
            TokenTree::Literal(literal) if in_macro => {
                let mut captures = HashSet::new();
                captured_idents(&literal.to_string(), &mut captures);
                let name = names.iter().find(|name| captures.contains(**name));
                name.map(|name| Found::Used((*name).to_owned(), literal.span()))
            }
            TokenTree::Group(group) => {
                let inside = scan.macro_name().is_some() || in_macro;
                match find_use(&group.stream(), names, inside) {
                    // The pattern of a `let`, or of an arm.
                    Some(Found::Used(..)) if follows_pattern(next) => Some(Found::Bound),
                    found => found,
                }
            }
            TokenTree::Punct(punct) => {
                bars += u32::from(punct.as_char() == '|');
                None
            }
            TokenTree::Literal(_) => None,
        };
        if found.is_some() {
            return found;
        }
        scan.step(tree);
    }
    None
}

/// Whether the current token may be a pattern, by what comes next: `=`, `=>`, `|`, `in` or `if`.
fn follows_pattern(next: Option<&TokenTree>) -> bool {
    match next {
        Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '=' | '|'),
        Some(TokenTree::Ident(word)) => word == "in" || word == "if",
        _ => false,
    }
}

/// The span of the first `&` in a type.
pub(crate) fn first_reference(ty: &TokenStream) -> Option<Span> {
    ty.clone().into_iter().find_map(|tree| match tree {
        TokenTree::Punct(punct) if punct.as_char() == '&' => Some(punct.span()),
        TokenTree::Group(group) => first_reference(&group.stream()),
        _ => None,
    })
}

/// The span of the first `impl` in a type.
pub(crate) fn first_impl_trait(ty: &TokenStream) -> Option<Span> {
    ty.clone().into_iter().find_map(|tree| match tree {
        TokenTree::Ident(ident) if ident == "impl" => Some(ident.span()),
        TokenTree::Group(group) => first_impl_trait(&group.stream()),
        _ => None,
    })
}

fn captured_idents(literal: &str, found: &mut HashSet<String>) {
    for part in literal.split('{').skip(1) {
        let end = part
            .find(|character: char| character != '_' && !character.is_alphanumeric())
            .unwrap_or(part.len());
        found.insert(part[..end].to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{awaits, diverges, early_exit, idents, may_await, may_diverge, may_leave};

    fn tokens(text: &str) -> proc_macro2::TokenStream {
        text.parse().expect("the text is made of tokens")
    }

    fn leaves(text: &str) -> bool {
        may_leave(&tokens(text))
    }

    #[test]
    fn return_question_mark_and_unknown_macros_may_leave_the_function() {
        for text in [
            "return 1",
            "let x = y()?; x",
            "if a { return b }",
            "f(g(h?))",
            "bail!(\"x\")",
            "anyhow::ensure! { x }",
            "vec![a?]",
            "cond || { return x }",
            "|x| x?",
        ] {
            assert!(leaves(text), "{text}");
        }
    }

    #[test]
    fn async_blocks_and_known_macros_do_not_leave_the_function() {
        for text in [
            "Ok(Some(user.name))",
            "println!(\"{x?}\"); x",
            "tracing::info!(x); x",
            "async { x? }.await.ok()",
            "async move { return 1 }.await",
            "if !(a) { b } else if a != (b) { c }",
            "fn f<T: ?Sized>() {} f()",
            "returned",
        ] {
            assert!(!leaves(text), "{text}");
        }
    }

    #[test]
    fn awaits_in_async_blocks_count_only_for_may_await() {
        for (text, expected) in [
            ("a().await", true),
            ("if a { b(c.await) }", true),
            ("tokio::join!(a, b)", true),
            ("let later = async move { a.await }; later", false),
            ("spawn(async { a.await })", false),
            ("vec![a.await]", true),
            ("bail!(\"x\")", false),
            ("awaited", false),
        ] {
            assert_eq!(awaits(&tokens(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("a().await", true),
            ("f(a, { g(b.await) })", true),
            ("spawn(async { a.await })", true),
            ("tokio::join!(a, b)", true),
            ("bail!(\"x\")", true),
            ("println!(\"x\"); if !(a) { b }", false),
            ("awaited", false),
        ] {
            assert_eq!(may_await(&tokens(text)), expected, "{text}");
        }
    }

    #[test]
    fn only_panicking_macros_are_known_to_diverge() {
        for (text, expected) in [
            ("todo!()", true),
            ("let a = 1; panic!(\"x\");", true),
            ("std::unreachable!()", true),
            ("loop { f() }", false),
            ("let n = loop { break 1 };", false),
            ("a || panic!();", true),
            ("todo!().await", false),
            ("if a { todo!() }", false),
            ("println!()", false),
            ("", false),
        ] {
            assert_eq!(diverges(&tokens(text)), expected, "{text}");
        }
    }

    #[test]
    fn calls_and_blocks_at_the_end_may_diverge() {
        for (text, expected) in [
            ("loop { f() }", true),
            ("let n = loop { break 1 };", true),
            ("process::exit(1)", true),
            ("die::<u8>();", true),
            ("(self.die)()", true),
            ("if a { b() } else { c() }", true),
            ("todo!()", true),
            ("bail!(\"x\")", true),
            ("Ok(die)", false),
            ("Ok(User { name })", false),
            ("User { name }", false),
            ("text.parse()", false),
            ("println!(\"x\");", false),
            ("vec![1]", false),
            ("a[0]", false),
            ("text", false),
            ("exit(1); text", false),
            ("", false),
        ] {
            assert_eq!(may_diverge(&tokens(text)), expected, "{text}");
        }
    }

    #[test]
    fn an_early_exit_is_reported_with_its_token() {
        let found = early_exit(&tokens("a(b?)")).map(|(_, what)| what);
        assert_eq!(found, Some("?"));
    }

    #[test]
    fn idents_include_captures_of_format_strings() {
        let mut found = std::collections::HashSet::new();
        idents(tokens("f(a.b, r#type, \"{c} {d:?}\")"), &mut found);
        for word in ["f", "a", "b", "type", "c", "d"] {
            assert!(found.contains(word), "{word}");
        }
    }
}
