//! Checks the type of the value that a handler returns.

use std::{future::Future, marker::PhantomData};

use super::outcome::{Failure, Succeed};

/// A handler's value that may be dropped. It is required only of futures, of `Result`s and of the function's
/// own values, and only `()` implements it.
#[diagnostic::on_unimplemented(
    message = "the value that this handler returns would be dropped",
    label = "returns `{Self}`",
    note = "to succeed with a value, write `error @ _ => recover(f(error))`; to wait for a future, \
            `f.await`; to drop it, `|error| drop(f(error))`"
)]
pub trait HandlerMayDrop {}

#[diagnostic::do_not_recommend]
impl HandlerMayDrop for () {}

/// Checks that the value of a handler, in a function that returns `R`, may be dropped.
///
/// `on_error(&value, &failure).dropped()` is a compile error for the function's success value or return
/// value, for a future, and for a `Result`.
///
/// ```
/// use backstop::{Error, ErrorKind, expansion::{Failure, failed, on_error}};
///
/// let failure: Failure<Result<u8, Error>> = failed(Error::new(ErrorKind::Protocol));
/// on_error(&"not a u8", &failure).dropped();
/// ```
pub fn on_error<'a, R, V>(value: &'a V, _: &Failure<R>) -> HandlerNothing<'a, R, V> {
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
    /// There is nothing to drop.
    pub fn dropped(&self) {}
}

impl<R: Succeed> HandlerValue<'_, R, R::Value> {
    /// An error: the function succeeds with such a value.
    pub fn dropped(&self)
    where
        R::Value: HandlerMayDrop,
    {
    }
}

impl<R> HandlerOutcome<'_, R, R> {
    /// An error: the function returns such a value.
    pub fn dropped(&self)
    where
        R: HandlerMayDrop,
    {
    }
}

impl<R, V: Future> HandlerFuture<'_, R, V> {
    /// An error: the future would never run.
    pub fn dropped(&self)
    where
        V: HandlerMayDrop,
    {
    }
}

impl<R, T, E> HandlerResult<'_, R, Result<T, E>> {
    /// An error: the `Result` may be an `Err`.
    pub fn dropped(&self)
    where
        Result<T, E>: HandlerMayDrop,
    {
    }
}

impl<R, V> HandlerAny<'_, R, V> {
    /// The value may be dropped.
    pub fn dropped(&self) {
        let _ = self.0;
    }
}

dereference! {
    <'a, R, V> HandlerNothing<'a, R, V> => HandlerValue<'a, R, V>;
    <'a, R, V> HandlerValue<'a, R, V> => HandlerOutcome<'a, R, V>;
    <'a, R, V> HandlerOutcome<'a, R, V> => HandlerFuture<'a, R, V>;
    <'a, R, V> HandlerFuture<'a, R, V> => HandlerResult<'a, R, V>;
    <'a, R, V> HandlerResult<'a, R, V> => HandlerAny<'a, R, V>;
}
