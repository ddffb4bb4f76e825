//! The form of the statements that handle the response, decided from the handlers and the body.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;

use super::{action_expressions, closing_expressions, handlers};
use crate::action::Flow;
use crate::args::Args;
use crate::item::Item;
use crate::model::{Body, BodyForm, Call, Exit, Handlers, OnError, Shape, Success};
use crate::scan;

/// The shape of a function that no rule refused. Takes the handlers out of `args`.
pub(super) fn shape(
    args: &mut Args,
    item: &Item,
    cleanup: Option<Call>,
    finally: Option<Call>,
) -> Shape {
    let is_last = cleanup.is_none() && finally.is_none();
    if args.on_error.is_none() && args.fallback.is_none() && is_last {
        return Shape::Plain(body(item, |tokens| last_form(item, tokens, true)));
    }
    let moves = !handlers_use_arguments(args, item);
    let handlers_may_await = is_awaited(&cleanup) || is_awaited(&finally) || may_await(args);
    let success = match item.output() {
        Some(_) => body(item, |tokens| form(tokens, moves)).map(Success::Inspect),
        None if finally.is_some() => body(item, |tokens| form(tokens, moves)).map(Success::Run),
        None => body(item, |tokens| last_form(item, tokens, moves)).map(Success::Run),
    };
    let on_error = handlers::on_error(args.on_error.take(), args.on_error_after_key);
    Shape::Handled(Handlers {
        success: success.unwrap_or(Success::Decode),
        exit: exit(&on_error, is_last),
        on_error,
        fallback: args.fallback.take().map(|keyed| keyed.value),
        cleanup,
        finally,
        handlers_may_await,
    })
}

fn body(item: &Item, form: impl FnOnce(&TokenStream) -> BodyForm) -> Option<Body> {
    let body = item.body.as_ref()?;
    Some(Body { block: body.braces(), form: form(&body.tokens) })
}

/// The form of a body that no statement follows.
fn last_form(item: &Item, body: &TokenStream, moves: bool) -> BodyForm {
    // An `async` block has to state its type, and an `impl Trait` cannot be written there.
    let hidden =
        item.output().is_some_and(|ty| scan::first_impl_trait(&ty.to_token_stream()).is_some());
    match scan::awaits(body) && !hidden {
        true => BodyForm::Scoped { moves },
        false => BodyForm::Last { may_await: scan::may_await(body) },
    }
}

/// The form of a body that statements follow.
fn form(body: &TokenStream, moves: bool) -> BodyForm {
    let may_await = scan::may_await(body);
    if scan::awaits(body) {
        BodyForm::Scoped { moves }
    } else if !scan::may_leave(body) && !scan::diverges(body) {
        // After a body that certainly diverges, its outcome would be an unused variable.
        BodyForm::Block { may_await, may_diverge: scan::may_diverge(body) }
    } else if may_await {
        BodyForm::Async
    } else {
        BodyForm::Closure
    }
}

/// An `async` closure is awaited without a written `.await`.
fn is_awaited(call: &Option<Call>) -> bool {
    call.as_ref().is_some_and(|call| call.awaited.is_some())
}

/// Whether an expression of a handler may await.
fn may_await(args: &Args) -> bool {
    let actions = action_expressions(args);
    // An `async` closure is always awaited.
    actions.iter().any(|expr| scan::has_ident(expr, "async"))
        || actions
            .into_iter()
            .chain(closing_expressions(args))
            .any(|expr| scan::may_await(&expr.to_token_stream()))
}

/// Whether a handler names an argument or `self`, which the body then cannot take.
fn handlers_use_arguments(args: &Args, item: &Item) -> bool {
    let mut used = HashSet::new();
    for expr in action_expressions(args).into_iter().chain(closing_expressions(args)) {
        scan::idents(expr.to_token_stream(), &mut used);
    }
    let mut names = item.bindings().into_iter().map(|(name, _)| name.unraw().to_string());
    used.contains("self") || names.any(|name| used.contains(&name))
}

/// `is_last` if neither `cleanup` nor `finally` follows.
fn exit(on_error: &OnError, is_last: bool) -> Exit {
    let flow = on_error.flow();
    let may_be_unreachable = on_error.may_diverge();
    match (flow.propagates, is_last) {
        _ if flow == Flow::default() => Exit::Diverge,
        (false, true) if !on_error.denies_lints() => Exit::Value,
        (false, _) => Exit::Bind,
        (true, true) => Exit::Return { may_be_unreachable },
        (true, false) if flow.recovers || flow.fails => Exit::Break { may_be_unreachable },
        (true, false) => Exit::Continue { may_be_unreachable },
    }
}
