//! What becomes of the value that a handler returns.

use std::{future::Future, marker::PhantomData};

use super::outcome::{Failure, Succeed};

/// Runs a handler, whose value it drops: the key `on_error`.
///
/// ```
/// use backstop::{Error, ErrorKind, expansion::{Failure, dropped, failed, on_error}};
///
/// let failure: Failure<Result<u8, Error>> = failed(Error::new(ErrorKind::Protocol));
/// on_error(dropped(&"not a u8", &failure).value());
/// ```
pub fn on_error<V: HandlerMayDrop + ?Sized>(_: &V) {}

/// What a handler may return. Asked only of a value that would be missed.
#[diagnostic::on_unimplemented(
    message = "the value that this handler returns would be dropped",
    label = "returns `{Self}`",
    note = "to succeed with a value, write `error @ _ => recover(f(error))`; to wait for a future, \
            `f.await`; to drop it, `|error| drop(f(error))`"
)]
pub trait HandlerMayDrop {}

#[diagnostic::do_not_recommend]
impl HandlerMayDrop for () {}

/// The value of a handler in a function that returns `R`.
///
/// `dropped(&value, &failure).value()` is the value if it is what the function succeeds with or returns,
/// a future, or a `Result`. Every other value is `()`.
pub fn dropped<'a, R, V>(value: &'a V, _: &Failure<R>) -> HandlerNothing<'a, R, V> {
    HandlerNothing(HandlerValue(HandlerOutcome(HandlerFuture(HandlerResult(HandlerAny(
        value,
        PhantomData,
    ))))))
}

/// The handler returns nothing.
#[derive(Debug)]
pub struct HandlerNothing<'a, R, V>(HandlerValue<'a, R, V>);

/// The handler returns what the function succeeds with.
#[derive(Debug)]
pub struct HandlerValue<'a, R, V>(HandlerOutcome<'a, R, V>);

/// The handler returns what the function returns.
#[derive(Debug)]
pub struct HandlerOutcome<'a, R, V>(HandlerFuture<'a, R, V>);

/// The handler returns a future.
#[derive(Debug)]
pub struct HandlerFuture<'a, R, V>(HandlerResult<'a, R, V>);

/// The handler returns a `Result`.
#[derive(Debug)]
pub struct HandlerResult<'a, R, V>(HandlerAny<'a, R, V>);

/// The handler returns something else.
#[derive(Debug)]
pub struct HandlerAny<'a, R, V>(&'a V, PhantomData<fn() -> R>);

impl<R> HandlerNothing<'_, R, ()> {
    /// Nothing.
    pub fn value(&self) -> &() {
        &()
    }
}

impl<'a, R: Succeed> HandlerValue<'a, R, R::Value> {
    /// The value.
    pub fn value(&self) -> &'a R::Value {
        self.get()
    }
}

impl<'a, R> HandlerOutcome<'a, R, R> {
    /// The value.
    pub fn value(&self) -> &'a R {
        self.get()
    }
}

impl<'a, R, V: Future> HandlerFuture<'a, R, V> {
    /// The future.
    pub fn value(&self) -> &'a V {
        self.get()
    }
}

impl<'a, R, T, E> HandlerResult<'a, R, Result<T, E>> {
    /// The `Result`.
    pub fn value(&self) -> &'a Result<T, E> {
        self.get()
    }
}

impl<'a, R, V> HandlerAny<'a, R, V> {
    /// Nothing: the value may be dropped.
    pub fn value(&self) -> &() {
        &()
    }

    fn get(&self) -> &'a V {
        self.0
    }
}

dereference! {
    <'a, R, V> HandlerNothing<'a, R, V> => HandlerValue<'a, R, V>;
    <'a, R, V> HandlerValue<'a, R, V> => HandlerOutcome<'a, R, V>;
    <'a, R, V> HandlerOutcome<'a, R, V> => HandlerFuture<'a, R, V>;
    <'a, R, V> HandlerFuture<'a, R, V> => HandlerResult<'a, R, V>;
    <'a, R, V> HandlerResult<'a, R, V> => HandlerAny<'a, R, V>;
}
