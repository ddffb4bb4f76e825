//! Checks the type of the value that a `cleanup` returns.

use std::future::Future;

/// Checks that the value of a `cleanup` may be dropped.
///
/// `cleanup(&value).dropped()` is a compile error for a future and for a `Result`.
///
/// ```
/// let mut open = vec![7];
/// backstop::expansion::cleanup(&open.pop()).dropped();
/// assert!(open.is_empty());
/// ```
pub fn cleanup<V>(value: &V) -> CleanupNothing<'_, V> {
    CleanupNothing(CleanupFuture(CleanupResult(CleanupAny(value))))
}

/// A `cleanup`'s value that may be dropped. It is required only of futures and `Result`s, and only `()`
/// implements it.
#[diagnostic::on_unimplemented(
    message = "the value that this `cleanup` returns would be dropped",
    label = "returns `{Self}`",
    note = "to wait for a future, write `.await` behind it; to drop a value, write \
            `cleanup = || drop(f())`"
)]
pub trait CleanupMayDrop {}

#[diagnostic::do_not_recommend]
impl CleanupMayDrop for () {}

/// The `cleanup` returns nothing.
#[derive(Debug)]
pub struct CleanupNothing<'a, V>(CleanupFuture<'a, V>);

/// The `cleanup` returns a future.
#[derive(Debug)]
pub struct CleanupFuture<'a, V>(CleanupResult<'a, V>);

/// The `cleanup` returns a `Result`.
#[derive(Debug)]
pub struct CleanupResult<'a, V>(CleanupAny<'a, V>);

/// The `cleanup` returns something else.
#[derive(Debug)]
pub struct CleanupAny<'a, V>(&'a V);

impl CleanupNothing<'_, ()> {
    /// There is nothing to drop.
    pub fn dropped(&self) {}
}

impl<V: Future> CleanupFuture<'_, V> {
    /// An error: the future would never run.
    pub fn dropped(&self)
    where
        V: CleanupMayDrop,
    {
    }
}

impl<T, E> CleanupResult<'_, Result<T, E>> {
    /// An error: the `Result` may be an `Err`.
    pub fn dropped(&self)
    where
        Result<T, E>: CleanupMayDrop,
    {
    }
}

impl<V> CleanupAny<'_, V> {
    /// The value may be dropped.
    pub fn dropped(&self) {
        let _ = self.0;
    }
}

dereference! {
    <'a, V> CleanupNothing<'a, V> => CleanupFuture<'a, V>;
    <'a, V> CleanupFuture<'a, V> => CleanupResult<'a, V>;
    <'a, V> CleanupResult<'a, V> => CleanupAny<'a, V>;
}
