//! Visits the parts of an expression that are evaluated with it.
//!
//! Closures, `async` blocks and items are left out: they run later, and `return` and `?` leave only
//! them.

use proc_macro2::{Span, TokenStream};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Pat, Stmt, Token};

use crate::scan;

/// The first `return` or `?` that leaves the function.
pub(crate) fn early_exit(expr: &Expr) -> Option<(Span, &'static str)> {
    let mut found = None;
    walk(expr, &mut |part| {
        match part {
            Part::Expr(Expr::Return(leaving)) => {
                found = Some((leaving.return_token.span, "return"))
            }
            Part::Expr(Expr::Try(leaving)) => found = Some((leaving.question_token.span, "?")),
            Part::Expr(_) => {}
            Part::Tokens(tokens) => found = scan::early_exit(tokens),
        }
        found.is_some()
    });
    found
}

/// Whether evaluating `expr` calls anything, so that a temporary may live to the end of the statement.
pub(crate) fn calls(expr: &Expr) -> bool {
    walk(expr, &mut |part| match part {
        Part::Expr(Expr::Call(call)) => !is_constructor(&call.func),
        Part::Expr(expr) => {
            matches!(expr, Expr::Await(_) | Expr::Macro(_) | Expr::MethodCall(_))
        }
        Part::Tokens(_) => true,
    })
}

/// Whether `function` is a constructor, such as `Some` or `Api::Key`.
fn is_constructor(function: &Expr) -> bool {
    match function {
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase)),
        _ => false,
    }
}

/// A part of an expression. Visited in source order, the whole before its parts.
enum Part<'a> {
    Expr(&'a Expr),
    /// Tokens that syn does not parse, such as the arguments of some macros.
    Tokens(&'a TokenStream),
}

/// Visits the parts of `expr` until `visit` returns `true`. Returns whether it did.
fn walk(expr: &Expr, visit: &mut dyn FnMut(Part<'_>) -> bool) -> bool {
    if visit(Part::Expr(expr)) {
        return true;
    }
    let mut each = |expr: &Expr| walk(expr, visit);
    match expr {
        Expr::Array(array) => array.elems.iter().any(each),
        Expr::Assign(assign) => each(&assign.left) || each(&assign.right),
        Expr::Await(awaited) => each(&awaited.base),
        Expr::Binary(binary) => each(&binary.left) || each(&binary.right),
        Expr::Block(block) => statements(&block.block, visit),
        Expr::Break(leaving) => leaving.expr.as_deref().is_some_and(each),
        Expr::Call(call) => each(&call.func) || call.args.iter().any(each),
        Expr::Cast(cast) => each(&cast.expr),
        Expr::Field(field) => each(&field.base),
        Expr::ForLoop(looped) => each(&looped.expr) || statements(&looped.body, visit),
        Expr::Group(group) => each(&group.expr),
        Expr::If(branches) => {
            each(&branches.cond)
                || statements(&branches.then_branch, visit)
                || branches.else_branch.as_ref().is_some_and(|(_, expr)| walk(expr, visit))
        }
        Expr::Index(index) => each(&index.expr) || each(&index.index),
        Expr::Let(matched) => each(&matched.expr),
        Expr::Loop(looped) => statements(&looped.body, visit),
        Expr::Macro(mac) => macro_arguments(&mac.mac.tokens, visit),
        Expr::Match(matched) => {
            each(&matched.expr)
                || matched.arms.iter().any(|arm| {
                    let guard = match &arm.pat {
                        Pat::Guard(guarded) => Some(&guarded.guard),
                        _ => None,
                    };
                    guard.into_iter().chain([&arm.body]).any(|expr| walk(expr, visit))
                })
        }
        Expr::MethodCall(call) => each(&call.receiver) || call.args.iter().any(each),
        Expr::Paren(paren) => each(&paren.expr),
        Expr::Range(range) => [&range.start, &range.end].into_iter().flatten().any(|end| each(end)),
        Expr::RawAddr(address) => each(&address.expr),
        Expr::Reference(reference) => each(&reference.expr),
        Expr::Repeat(repeat) => each(&repeat.expr),
        Expr::Return(leaving) => leaving.expr.as_deref().is_some_and(each),
        Expr::Struct(made) => {
            made.fields.iter().any(|field| each(&field.expr))
                || made.rest.as_deref().is_some_and(each)
        }
        Expr::Try(leaving) => each(&leaving.expr),
        Expr::Tuple(tuple) => tuple.elems.iter().any(each),
        Expr::Unary(unary) => each(&unary.expr),
        Expr::Unsafe(block) => statements(&block.block, visit),
        Expr::Verbatim(tokens) => visit(Part::Tokens(tokens)),
        Expr::While(looped) => each(&looped.cond) || statements(&looped.body, visit),
        Expr::Yield(yielded) => yielded.expr.as_deref().is_some_and(each),
        // Expressions that run later or have no parts, and those of later versions of syn.
        _ => false,
    }
}

fn statements(block: &Block, visit: &mut dyn FnMut(Part<'_>) -> bool) -> bool {
    block.stmts.iter().any(|statement| match statement {
        Stmt::Local(local) => local.init.as_ref().is_some_and(|init| {
            let diverge = init.diverge.as_ref();
            walk(&init.expr, visit) || diverge.is_some_and(|(_, expr)| walk(expr, visit))
        }),
        Stmt::Expr(expr, _) => walk(expr, visit),
        Stmt::Macro(statement) => macro_arguments(&statement.mac.tokens, visit),
        Stmt::Item(_) => false,
    })
}

/// Most macros take expressions, separated by commas.
fn macro_arguments(tokens: &TokenStream, visit: &mut dyn FnMut(Part<'_>) -> bool) -> bool {
    match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone()) {
        Ok(arguments) => arguments.iter().any(|argument| walk(argument, visit)),
        Err(_) => visit(Part::Tokens(tokens)),
    }
}

#[cfg(test)]
mod tests {
    use super::{calls, early_exit};

    fn leaves(text: &str) -> Option<&'static str> {
        let expr = syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        early_exit(&expr).map(|(_, what)| what)
    }

    #[test]
    fn return_and_question_mark_leave_the_function() {
        for (text, what) in [
            ("return", "return"),
            ("{ if a { return b } c }", "return"),
            ("match a { b if c? => d, _ => e }", "?"),
            ("match a { _ => return }", "return"),
            ("f(g(h?))", "?"),
            ("a.b(c)?.d()", "?"),
            ("{ let Some(a) = b else { return }; a }", "return"),
            ("{ let a = b?; a }", "?"),
            ("[(a, b?)]", "?"),
            ("vec![a?]", "?"),
            ("dbg!(a?, b)", "?"),
            ("json!({ \"a\": b? })", "?"),
            ("User { id: id?, ..user }", "?"),
            ("f(|| a)?", "?"),
            ("{ dbg!(a?); }", "?"),
            ("while a? { b }", "?"),
            ("loop { return a }", "return"),
            ("f().await?", "?"),
        ] {
            assert_eq!(leaves(text), Some(what), "{text}");
        }
    }

    #[test]
    fn calls_are_found_in_evaluated_parts() {
        for (text, expected) in [
            ("self.page", false),
            ("&pairs[1..]", false),
            ("Some(-1 + a)", false),
            ("|error| notify(error)", false),
            ("(\"a\", [1, 2])", false),
            ("self.lock().name", true),
            ("token().await", true),
            ("[(\"a\", f())]", true),
            ("Some(token())", true),
            ("format!(\"{a}\")", true),
            ("if a { b() } else { c }", true),
        ] {
            let expr = syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(calls(&expr), expected, "{text}");
        }
    }

    #[test]
    fn exits_in_closures_async_blocks_and_items_are_ignored() {
        for text in [
            "|a| return b",
            "|a| { if b { return; } c? }",
            "move || a?",
            "async |a| a.await?",
            "async move { a?; return b }",
            "a.iter().map(|n| { if n { return 1; } 2 }).collect::<Vec<_>>()",
            "a.iter().any(|n| { return n == 1 })",
            "{ fn f() -> Option<u8> { g()?; return None } f() }",
            "dbg!(|a| a?)",
            "vec![a.map(|a| { return a })]",
            "const { a }",
        ] {
            assert_eq!(leaves(text), None, "{text}");
        }
    }
}
