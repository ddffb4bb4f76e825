//! The action of an arm: an expression → its steps, and the ways in which control may leave it.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Expr, ExprAsync, ExprAwait, ExprBlock, ExprCall, ExprClosure, ExprIf, ExprMatch, ExprPath,
    Path, Stmt, Token,
};

use crate::habits;
use crate::scan;
use crate::suggest::did_you_mean;

#[derive(Clone)]
pub(crate) enum Action {
    /// `log`, or `log(level)`.
    Log(Ident, Option<Ident>),
    Print(Ident),
    /// A path, or a field that holds a function. Called with the error; the tokens are a following `.await`.
    Call(Expr, Option<TokenStream>),
    /// A closure, called with the error.
    Closure(ExprClosure),
    /// An `async` closure, called with the error and awaited.
    AsyncClosure(ExprClosure),
    /// A call of a function by its path. Its value is the action's unless a semicolon follows.
    Value(TokenStream),
    /// Any other expression.
    Statement(TokenStream),
    /// A macro that never returns, such as `panic!(…)`.
    Diverge(TokenStream),
    /// The word `recover`, and the value unless it is `()`.
    Recover(Ident, Option<Expr>),
    Fail(Ident, Expr),
    Block(Vec<Step>),
    If {
        condition: TokenStream,
        then: Box<Action>,
        else_branch: Option<Box<Action>>,
    },
    Match {
        head: TokenStream,
        arms: Vec<(TokenStream, Action)>,
    },
}

#[derive(Clone)]
pub(crate) enum Step {
    /// A `let` or an item.
    Verbatim(TokenStream),
    Action(Action),
}

/// How control may leave an action. The paths through one action may differ.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Flow {
    pub(crate) propagates: bool,
    pub(crate) recovers: bool,
    pub(crate) fails: bool,
}

impl Flow {
    pub(crate) const PROPAGATES: Flow = Flow { propagates: true, recovers: false, fails: false };

    pub(crate) fn union(self, other: Flow) -> Flow {
        Flow {
            propagates: self.propagates || other.propagates,
            recovers: self.recovers || other.recovers,
            fails: self.fails || other.fails,
        }
    }
}

/// The levels that `log(level)` takes.
pub(crate) const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

impl Action {
    pub(crate) fn flow(&self) -> Flow {
        match self {
            Action::Recover(..) => Flow { recovers: true, ..Flow::default() },
            Action::Fail(..) => Flow { fails: true, ..Flow::default() },
            Action::Diverge(_) => Flow::default(),
            Action::Log(..)
            | Action::Print(_)
            | Action::Call(..)
            | Action::Closure(_)
            | Action::AsyncClosure(_)
            | Action::Value(_)
            | Action::Statement(_) => Flow::PROPAGATES,
            Action::Block(steps) => match steps.last() {
                Some(Step::Action(action)) => action.flow(),
                Some(Step::Verbatim(_)) | None => Flow::PROPAGATES,
            },
            Action::If { then, else_branch, .. } => {
                let else_branch =
                    else_branch.as_ref().map_or(Flow::PROPAGATES, |action| action.flow());
                then.flow().union(else_branch)
            }
            Action::Match { arms, .. } => {
                arms.iter().map(|(_, action)| action.flow()).fold(Flow::default(), Flow::union)
            }
        }
    }

    /// Whether every path through it may diverge, judged by its form: only types tell whether a function
    /// returns.
    pub(crate) fn may_diverge(&self) -> bool {
        match self {
            Action::Log(..) | Action::Print(_) | Action::Closure(_) | Action::AsyncClosure(_) => {
                false
            }
            Action::Call(..) | Action::Value(_) | Action::Statement(_) | Action::Diverge(_) => true,
            // The statements after them are not reached.
            Action::Recover(..) | Action::Fail(..) => true,
            Action::Block(steps) => steps
                .iter()
                .any(|step| matches!(step, Step::Action(action) if action.may_diverge())),
            Action::If { then, else_branch, .. } => {
                then.may_diverge()
                    && else_branch.as_ref().is_some_and(|action| action.may_diverge())
            }
            Action::Match { arms, .. } => arms.iter().all(|(_, action)| action.may_diverge()),
        }
    }

    /// Whether it drops a value whose type decides whether it may be dropped.
    pub(crate) fn drops_value(&self) -> bool {
        self.any(|action| matches!(action, Action::Call(..) | Action::Value(_)))
    }

    /// Whether it uses the error.
    pub(crate) fn needs_error(&self) -> bool {
        self.any(|action| match action {
            Action::Log(..)
            | Action::Print(_)
            | Action::Call(..)
            | Action::Closure(_)
            | Action::AsyncClosure(_) => true,
            Action::Value(_)
            | Action::Statement(_)
            | Action::Diverge(_)
            | Action::Recover(..)
            | Action::Fail(..)
            | Action::Block(_)
            | Action::If { .. }
            | Action::Match { .. } => false,
        })
    }

    /// Whether this holds for one of the actions that run: itself, or those in a block, an `if` or a `match`.
    fn any(&self, holds: fn(&Self) -> bool) -> bool {
        match self {
            Action::Block(steps) => {
                steps.iter().any(|step| matches!(step, Step::Action(action) if action.any(holds)))
            }
            Action::If { then, else_branch, .. } => {
                then.any(holds) || else_branch.as_ref().is_some_and(|action| action.any(holds))
            }
            Action::Match { arms, .. } => arms.iter().any(|(_, action)| action.any(holds)),
            action => holds(action),
        }
    }
}

/// Parses an arm's action. It is in tail position: nothing else of the arm runs after it.
pub(crate) fn parse(expr: Expr) -> syn::Result<Action> {
    action(expr, true)
}

fn action(expr: Expr, tail: bool) -> syn::Result<Action> {
    if let Some(words) = list_of_names(&expr) {
        let message = format!("several actions need a block: write `{{ {words} }}`");
        return Err(syn::Error::new_spanned(expr, message));
    }
    Ok(match expr {
        Expr::Group(group) if group.attrs.is_empty() => action(*group.expr, tail)?,
        Expr::Tuple(tuple) if tuple.elems.is_empty() => Action::Block(Vec::new()),
        value if is_value(&value) => {
            return Err(syn::Error::new_spanned(
                value,
                "a value alone does nothing: write `recover(…)` to succeed with it, or `fail(…)` \
                 to fail with it",
            ));
        }
        Expr::Paren(paren) if paren.attrs.is_empty() => action(*paren.expr, tail)?,
        Expr::Path(path) if path.attrs.is_empty() => from_path(path)?,
        Expr::Await(awaited) if awaited.attrs.is_empty() => match &*awaited.base {
            Expr::Path(ExprPath { attrs, .. }) if attrs.is_empty() => awaited_call(awaited),
            base if is_place(base) => awaited_call(awaited),
            base if calls_path(base) => Action::Value(verbatim(awaited)?),
            _ => Action::Statement(verbatim(awaited)?),
        },
        place if is_place(&place) => {
            verbatim(&place)?;
            Action::Call(place, None)
        }
        Expr::Call(call) if call.attrs.is_empty() => from_call(call, tail)?,
        Expr::Closure(closure) if closure.attrs.is_empty() => {
            refuse_ending(&closure)?;
            from_closure(closure)
        }
        Expr::Async(block) => {
            return Err(syn::Error::new(
                block.async_token.span,
                "an `async` block does nothing until it is awaited: write `async { … }.await`",
            ));
        }
        Expr::Macro(mac) if diverges(&mac.mac) => Action::Diverge(mac.into_token_stream()),
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            Action::Block(steps(block.block.stmts, tail)?)
        }
        Expr::If(branches) if branches.attrs.is_empty() => from_if(branches, tail)?,
        Expr::Match(cases) if cases.attrs.is_empty() => from_match(cases, tail)?,
        other => Action::Statement(verbatim(other)?),
    })
}

fn awaited_call(awaited: ExprAwait) -> Action {
    let ExprAwait { base, dot_token, await_token, .. } = awaited;
    Action::Call(*base, Some(quote!(#dot_token #await_token)))
}

/// Whether `expr` calls a function by its path.
fn calls_path(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if matches!(&*call.func, Expr::Path(_)))
}

/// Whether `expr` is a field or an element: evaluating it does nothing, so it is called.
pub(crate) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Field(field) => field.attrs.is_empty(),
        Expr::Index(index) => index.attrs.is_empty(),
        Expr::Group(group) => group.attrs.is_empty() && is_place(&group.expr),
        _ => false,
    }
}

/// A closure whose body is an `.await` or an `async` block is treated as an `async` closure.
fn from_closure(mut closure: ExprClosure) -> Action {
    if closure.asyncness.is_some() {
        return Action::AsyncClosure(closure);
    }
    let span = match &*closure.body {
        Expr::Async(block) => block.async_token.span,
        Expr::Await(awaited) => awaited.await_token.span,
        _ => return Action::Closure(closure),
    };
    if let Expr::Async(ExprAsync { capture, block, .. }) = *closure.body {
        closure.capture = closure.capture.or(capture);
        *closure.body = Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block });
    }
    closure.asyncness = Some(Token![async](span));
    Action::AsyncClosure(closure)
}

/// `[log, print]` or `(log, print)`, as the statements of a block.
fn list_of_names(expr: &Expr) -> Option<String> {
    let elems = match expr {
        Expr::Array(array) => &array.elems,
        Expr::Tuple(tuple) => &tuple.elems,
        _ => return None,
    };
    let word = |expr: &Expr| match expr {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    let words: Vec<String> = elems.iter().map(word).collect::<Option<_>>()?;
    (!words.is_empty()).then(|| words.join("; "))
}

/// Refuses a closure that tries to end the arm: its value is not used.
fn refuse_ending(closure: &ExprClosure) -> syn::Result<()> {
    if let Some(ending) = scan::ending_call(&closure.body.to_token_stream()) {
        let message = format!(
            "`{ending}(…)` ends an arm and cannot be called in a closure: write \
             `on_error(error @ _ => {ending}(…))`"
        );
        return Err(syn::Error::new(ending.span(), message));
    }
    let last = match &*closure.body {
        Expr::Block(block) => match block.block.stmts.last() {
            Some(Stmt::Expr(last, None)) => last,
            _ => return Ok(()),
        },
        body => body,
    };
    let is_unit = matches!(last, Expr::Tuple(tuple) if tuple.elems.is_empty());
    if is_unit || !is_value(last) {
        return Ok(());
    }
    Err(syn::Error::new_spanned(
        last,
        "the value of a closure is not used: write `on_error(error @ _ => recover(…))` to succeed \
         with a value, or `fail(…)` to fail with another error",
    ))
}

/// Whether an expression only creates a value, judged by its form.
fn is_value(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Struct(_) | Expr::Array(_) | Expr::Repeat(_) | Expr::Tuple(_) => true,
        Expr::Path(path) => is_constructor(&path.path),
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path) if is_constructor(&path.path)),
        Expr::Unary(unary) => is_value(&unary.expr),
        Expr::Reference(reference) => is_value(&reference.expr),
        Expr::Paren(paren) => is_value(&paren.expr),
        Expr::Group(group) => is_value(&group.expr),
        _ => false,
    }
}

/// `Some` or `Problem::NotFound`. A name in capitals is a constant, which may hold a function.
fn is_constructor(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
    })
}

/// Keeps tokens as they are, and refuses `recover` and `fail` in them.
fn verbatim(tokens: impl ToTokens) -> syn::Result<TokenStream> {
    let tokens = tokens.into_token_stream();
    match scan::ending_call(&tokens) {
        None => Ok(tokens),
        Some(word) => Err(ending_not_last(&word)),
    }
}

fn ending_not_last(ending: &Ident) -> syn::Error {
    syn::Error::new(ending.span(), format!("`{ending}(…)` ends an arm: write it last"))
}

fn from_path(path: ExprPath) -> syn::Result<Action> {
    let Some(ident) = path.path.get_ident() else {
        return Ok(Action::Call(Expr::Path(path), None));
    };
    match ident.to_string().as_str() {
        "log" => Ok(Action::Log(ident.clone(), None)),
        "print" => Ok(Action::Print(ident.clone())),
        "recover" => Err(syn::Error::new(
            ident.span(),
            "`recover` needs the value to succeed with: write `recover(value)`",
        )),
        "fail" => Err(syn::Error::new(
            ident.span(),
            "`fail` needs the error to fail with: write `fail(error)`",
        )),
        "retry" => Err(retry_is_no_action(ident)),
        name => match habits::action(name) {
            Some(message) => Err(syn::Error::new(ident.span(), message)),
            None => Ok(Action::Call(Expr::Path(path), None)),
        },
    }
}

fn retry_is_no_action(word: &Ident) -> syn::Error {
    syn::Error::new(
        word.span(),
        "an arm cannot retry, as it runs after the last attempt: write `retry = 3` as a key, or \
         `retry(times = 3, on(Connect))`",
    )
}

fn from_call(call: ExprCall, tail: bool) -> syn::Result<Action> {
    let name = match &*call.func {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident().cloned(),
        _ => None,
    };
    let Some(name) = name else {
        return Ok(match &*call.func {
            Expr::Path(_) => Action::Value(verbatim(call)?),
            _ => Action::Statement(verbatim(call)?),
        });
    };
    match name.to_string().as_str() {
        "log" => Ok(Action::Log(name, Some(log_level(&call)?))),
        ending @ ("recover" | "fail") => {
            if !tail {
                return Err(ending_not_last(&name));
            }
            if call.args.len() > 1 {
                return Err(syn::Error::new_spanned(
                    &call.args,
                    format!("`{ending}` takes one value: for a tuple write `{ending}((a, b))`"),
                ));
            }
            match (ending, call.args.into_iter().next()) {
                ("recover", value) => Ok(Action::Recover(name, value)),
                (_, Some(error)) => Ok(Action::Fail(name, error)),
                (_, None) => Err(syn::Error::new(
                    name.span(),
                    "`fail` needs the error to fail with: write `fail(error)`",
                )),
            }
        }
        "retry" => Err(retry_is_no_action(&name)),
        "print" => Err(syn::Error::new(
            name.span(),
            "`print` takes no arguments, as it receives the error: write `print`",
        )),
        _ => Ok(Action::Value(verbatim(call)?)),
    }
}

fn log_level(call: &ExprCall) -> syn::Result<Ident> {
    let given = match call.args.first() {
        Some(Expr::Path(path)) if call.args.len() == 1 => path.path.get_ident(),
        _ => None,
    };
    match given {
        Some(level) if LEVELS.contains(&level.to_string().as_str()) => Ok(level.clone()),
        _ => {
            let hint = given.map_or(String::new(), |level| {
                let level = level.to_string();
                match habits::level(&level) {
                    Some(meant) => format!("; did you mean `{meant}`?"),
                    None => did_you_mean(&level, LEVELS),
                }
            });
            let message = format!(
                "`log` receives the error and takes only a level: write `log`, or `log(level)` with \
                 `error`, `warn`, `info`, `debug` or `trace`{hint}"
            );
            match call.args.is_empty() {
                true => Err(syn::Error::new_spanned(&call.func, message)),
                false => Err(syn::Error::new_spanned(&call.args, message)),
            }
        }
    }
}

fn diverges(mac: &syn::Macro) -> bool {
    mac.path
        .segments
        .last()
        .is_some_and(|name| scan::DIVERGING_MACROS.contains(&name.ident.to_string().as_str()))
}

fn steps(statements: Vec<Stmt>, tail: bool) -> syn::Result<Vec<Step>> {
    let count = statements.len();
    statements
        .into_iter()
        .enumerate()
        .map(|(index, statement)| {
            let tail = tail && index + 1 == count;
            Ok(match statement {
                Stmt::Expr(expr, semicolon) => Step::Action(match action(expr, tail)? {
                    // As everywhere in Rust, a semicolon drops the value.
                    Action::Value(tokens) if semicolon.is_some() => Action::Statement(tokens),
                    action => action,
                }),
                Stmt::Macro(statement) if diverges(&statement.mac) => {
                    Step::Action(Action::Diverge(statement.mac.into_token_stream()))
                }
                Stmt::Macro(statement) => {
                    let syn::StmtMacro { attrs, mac, .. } = statement;
                    Step::Action(Action::Statement(verbatim(quote!(#(#attrs)* #mac))?))
                }
                other => Step::Verbatim(verbatim(other)?),
            })
        })
        .collect()
}

fn from_if(branches: ExprIf, tail: bool) -> syn::Result<Action> {
    let (if_token, condition) = (branches.if_token, branches.cond);
    let else_branch = match branches.else_branch {
        Some((_, expr)) => Some(Box::new(action(*expr, tail)?)),
        None => None,
    };
    Ok(Action::If {
        condition: quote!(#if_token #condition),
        then: Box::new(Action::Block(steps(branches.then_branch.stmts, tail)?)),
        else_branch,
    })
}

fn from_match(cases: ExprMatch, tail: bool) -> syn::Result<Action> {
    let (match_token, subject) = (cases.match_token, cases.expr);
    let arms = cases
        .arms
        .into_iter()
        .map(|arm| {
            let (attrs, pat) = (arm.attrs, arm.pat);
            Ok((quote!(#(#attrs)* #pat), action(*arm.body, tail)?))
        })
        .collect::<syn::Result<_>>()?;
    Ok(Action::Match { head: quote!(#match_token #subject), arms })
}
