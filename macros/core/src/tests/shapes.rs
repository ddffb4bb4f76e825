//! The shapes that `check` chooses for handlers and bodies.

use super::split;
use crate::item::Item;
use crate::model::{BodyForm, Exit, Handlers, Shape, Success};
use crate::{args, check};

fn shape(keys: &str, item: &str) -> Shape {
    let (args, item) = split(&format!("#[request(get = \"/\", {keys})] {item}"));
    let (args, errors) = args::read(args);
    let item: Item = syn::parse2(item).expect("a function");
    match check::check(args, &item, errors, true) {
        Ok(request) => request.shape,
        Err(errors) => panic!("{keys}: {:?}", errors.iter().collect::<Vec<_>>()),
    }
}

fn handlers(keys: &str, item: &str) -> Handlers {
    match shape(keys, item) {
        Shape::Handled(handlers) => handlers,
        Shape::Plain(_) => panic!("{keys} handles nothing"),
    }
}

#[test]
fn the_actions_and_later_handlers_decide_the_exit() {
    let returns = |may_be_unreachable| Exit::Return { may_be_unreachable };
    let breaks = |may_be_unreachable| Exit::Break { may_be_unreachable };
    let continues = |may_be_unreachable| Exit::Continue { may_be_unreachable };
    for (keys, expected) in [
        ("on_error = log", returns(false)),
        ("on_error = note", returns(true)),
        ("on_error(Connect => note)", returns(false)),
        ("on_error(Connect => note, _ => note)", returns(true)),
        ("on_error(Connect => recover(1), _ => log)", returns(false)),
        ("fallback = 1", returns(false)),
        ("cleanup = c", continues(false)),
        ("finally = f", continues(false)),
        ("on_error = log, cleanup = c", continues(false)),
        ("on_error = note, finally = f", continues(true)),
        ("on_error(Connect => fail(1)), cleanup = c", breaks(false)),
        ("on_error(Connect => recover(1), _ => note), cleanup = c", breaks(true)),
        ("on_error = { if a { recover(1) } }, finally = f", breaks(false)),
        ("on_error = recover(1)", Exit::Value),
        ("on_error = fail(1)", Exit::Value),
        ("on_error = { log; recover(1) }", Exit::Bind),
        ("on_error(_ => recover(1))", Exit::Bind),
        ("on_error = recover(1), cleanup = c", Exit::Bind),
        ("on_error = recover(1), finally = f", Exit::Bind),
        ("on_error = panic!()", Exit::Diverge),
        ("on_error(_ => { log; todo!() }), finally = f", Exit::Diverge),
    ] {
        let found = handlers(keys, "async fn f() -> R { g() }").exit;
        assert_eq!(found, expected, "{keys}");
    }
}

#[test]
fn the_exits_of_a_body_decide_its_form() {
    let block = |may_await, may_diverge| BodyForm::Block { may_await, may_diverge };
    for (keys, body, expected) in [
        ("cleanup = c", "Ok(a)", block(false, false)),
        ("cleanup = c", "a()", block(false, true)),
        ("cleanup = c", "spawn(async { a.await }); Ok(b)", block(true, false)),
        ("cleanup = c", "a?; Ok(b)", BodyForm::Closure),
        ("cleanup = c", "ensure!(a); Ok(b)", BodyForm::Async),
        ("cleanup = c", "a().await", BodyForm::Scoped { moves: true }),
        ("cleanup = c", "a().await?; Ok(b)", BodyForm::Scoped { moves: true }),
        ("cleanup = c(id)", "a().await", BodyForm::Scoped { moves: false }),
        ("on_error(_ => note(id))", "a().await", BodyForm::Scoped { moves: false }),
        ("cleanup = c", "todo!()", BodyForm::Closure),
    ] {
        let found = match handlers(keys, &format!("async fn f(id: u8) -> R {{ {body} }}")).success {
            Success::Inspect(body) => body.form,
            Success::Decode | Success::Run(_) => panic!("{body} has an outcome"),
        };
        assert_eq!(found, expected, "{keys}: {body}");
    }
}

#[test]
fn a_last_body_may_leave_the_function() {
    let last = |may_await| BodyForm::Last { may_await };
    for (keys, function, expected) in [
        ("", "async fn f() -> R { a?; loop {} }", last(false)),
        ("", "async fn f() -> impl T { a().await }", last(true)),
        ("", "async fn f() -> R { a().await }", BodyForm::Scoped { moves: true }),
        ("on_error = log", "async fn f() { return; }", last(false)),
        ("on_error = log", "async fn f() { a().await }", BodyForm::Scoped { moves: true }),
        (
            "on_error = log, finally = f",
            "async fn f() { g() }",
            BodyForm::Block { may_await: false, may_diverge: true },
        ),
        ("on_error = log, finally = f", "async fn f() { return; }", BodyForm::Closure),
    ] {
        let shape = shape(keys, function);
        let body = match &shape {
            Shape::Plain(body) => body.as_ref(),
            Shape::Handled(handlers) => match &handlers.success {
                Success::Run(body) => Some(body),
                Success::Decode | Success::Inspect(_) => None,
            },
        };
        assert_eq!(body.map(|body| body.form), Some(expected), "{keys}: {function}");
        let scoped = matches!(expected, BodyForm::Scoped { .. });
        assert_eq!(shape.is_scoped(), scoped, "{keys}: {function}");
    }
}

#[test]
fn handlers_expand_to_a_closure_unless_something_may_await() {
    for (keys, body, expected) in [
        ("on_error = log", ";", false),
        ("on_error = log", "{ Ok(a?) }", false),
        ("on_error = log", "{ a().await }", true),
        ("on_error = note.await", ";", true),
        ("on_error = async |error| note(error)", ";", true),
        ("cleanup = c().await", ";", true),
        ("finally = async |_| f()", ";", true),
        ("on_error(_ => join!(a, b))", ";", true),
    ] {
        let handlers = handlers(keys, &format!("async fn f() -> R {body}"));
        assert_eq!(handlers.may_await(), expected, "{keys}: {body}");
    }
}
