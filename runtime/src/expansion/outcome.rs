//! Turns a failed request into the caller's return type.

use std::{
    any::Any,
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
};

use crate::error::Error;

/// A return type that can carry the failure of a request.
///
/// `Result<T, E>` returns the error if `E: From<Error>`, `Option<T>` becomes `None`, and `()` ends quietly.
/// Aliases of these types work too. A function with any other return type needs a value for every failure:
/// `fallback = …`, or arms that all `recover`.
///
/// An implementation for another type depends on [`Succeed`], and is therefore exempt from semantic
/// versioning, like all of [`expansion`](crate::expansion).
///
/// ```
/// use backstop::{Error, ErrorKind, Outcome};
///
/// fn ended<R: Outcome>() -> R {
///     R::from_error(Error::new(ErrorKind::Protocol))
/// }
///
/// assert!(ended::<Result<u8, Error>>().is_err());
/// assert_eq!(ended::<Option<u8>>(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "a failed request cannot become `{Self}`",
    label = "neither a `Result`, an `Option`, nor `()`",
    note = "return `Result<{Self}, E>` where `E: From<backstop::Error>`, or give a value for every \
            failure with `fallback = …` or `on_error(_ => recover(…))`"
)]
pub trait Outcome: Succeed {
    /// The outcome of a failed request.
    fn from_error(error: Error) -> Self;

    /// The outcome of a failure that is not handled: the value that the body returned, or the error.
    fn from_failure(failure: Failure<Self>) -> Self {
        let error = failure.error();
        failure.outcome.unwrap_or_else(|| Self::from_error(error))
    }

    /// The decoded outcome, or the outcome of the failure.
    fn from_result(result: Result<Self, Failure<Self>>) -> Self {
        result.unwrap_or_else(Self::from_failure)
    }
}

impl<T, E: From<Error>> Outcome for Result<T, E> {
    fn from_error(error: Error) -> Self {
        Err(error.into())
    }
}

impl<T> Outcome for Option<T> {
    fn from_error(_: Error) -> Self {
        None
    }
}

impl Outcome for () {
    fn from_error(_: Error) {}
}

/// A return type that wraps the value of success: every `Result` and `Option`, and `()`.
///
/// This trait suffices if every failure is handled, for example by a fallback: the error type of such a
/// `Result` may be any type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not wrap what success yields",
    label = "neither a `Result`, an `Option`, nor `()`"
)]
pub trait Succeed: Sized {
    /// The value of success: the `T` of `Result<T, E>` and `Option<T>`.
    type Value;

    /// The outcome of a success without a value, for a response that has no body. Only an `Option` has one.
    const NOTHING: Option<fn() -> Self> = None;

    /// The outcome of success.
    fn from_value(value: Self::Value) -> Self;
}

impl<T, E> Succeed for Result<T, E> {
    type Value = T;

    fn from_value(value: T) -> Self {
        Ok(value)
    }
}

impl<T> Succeed for Option<T> {
    type Value = T;

    const NOTHING: Option<fn() -> Self> = Some(|| None);

    fn from_value(value: T) -> Self {
        Some(value)
    }
}

impl Succeed for () {
    type Value = ();

    fn from_value((): ()) {}
}

/// The outcome of a function with an empty body and a written return type, which may be an alias of `()`.
///
/// ```
/// let () = backstop::expansion::empty_body(7);
/// ```
pub fn empty_body<R: EmptyBody, T>(_: T) -> R {
    R::empty()
}

/// A return type whose body may be empty: `()`.
#[diagnostic::on_unimplemented(
    message = "an empty body returns no `{Self}`",
    label = "no value",
    note = "to decode the response, write `;` in place of the body; otherwise, write the value in it"
)]
pub trait EmptyBody {
    /// The outcome.
    fn empty() -> Self;
}

#[diagnostic::do_not_recommend]
impl EmptyBody for () {
    fn empty() {}
}

/// A return type that can fail with an error of type `X`: a `Result` whose error can be made from
/// it.
#[diagnostic::on_unimplemented(
    message = "a function that returns `{Self}` cannot fail with this error",
    label = "cannot become `{Self}`",
    note = "`fail(error)` needs a `Result<_, E>` where `E` is made from the error; `Option` and `()` \
            carry none: write `recover(…)`, or return a `Result`"
)]
pub trait CanFailWith<X>: Sized {
    /// The outcome of failing with this error.
    fn fail_with(error: X) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<X>, X> CanFailWith<X> for Result<T, E> {
    fn fail_with(error: X) -> Self {
        Err(error.into())
    }
}

/// A request error that is about to become the outcome `R` of a function.
///
/// It becomes the outcome in one of three ways: unchanged ([`Outcome::from_failure`]), as a success
/// ([`recover`](Failure::recover)), or as another error ([`fail`]).
///
/// ```
/// use backstop::{Error, ErrorKind, expansion::{Failure, failed}};
///
/// let failure: Failure<Result<u8, Error>> = failed(Error::new(ErrorKind::Status(404)));
/// assert_eq!(failure.recover(7).unwrap(), 7);
/// ```
pub struct Failure<R> {
    plain: PlainFailure<R>,
    /// The outcome in which the body returned the error, if it did: it keeps the context that the body added.
    outcome: Option<R>,
}

/// A [`Failure`] in a function that returns a plain value, or another type that cannot carry an error.
///
/// A `Failure` dereferences to it: `recover` is this type's method if the return type is not [`Succeed`], and
/// so is `build_error` if it is not [`Outcome`].
pub struct PlainFailure<R> {
    error: Handled,
    returns: PhantomData<fn() -> R>,
}

/// The error of a failure. Dropping it ends the span of the call, if that was kept open.
struct Handled {
    error: Error,
    /// Whether the fallback is used.
    falls_back: bool,
}

impl Handled {
    fn new(error: Error) -> Self {
        if let Some(observed) = error.observed() {
            observed.failed(&error);
        }
        Self { error, falls_back: false }
    }

    /// Reports that the function succeeds despite the error.
    fn recover(&self) {
        if let Some(observed) = self.error.observed() {
            observed.recovered(&self.error, self.falls_back);
        }
    }
}

impl Drop for Handled {
    fn drop(&mut self) {
        if let Some(observed) = self.error.observed() {
            observed.end();
        }
    }
}

/// Makes a failure from an error of the request.
pub fn failed<R>(error: Error) -> Failure<R> {
    let error = Handled::new(error);
    Failure { plain: PlainFailure { error, returns: PhantomData }, outcome: None }
}

/// Makes a failure from an error that was found in the return value of the body.
pub fn returned<R>(error: Error, outcome: R) -> Failure<R> {
    Failure { outcome: Some(outcome), ..failed(error) }
}

/// Fails with another error: the action `fail`.
///
/// If that is an [`Error`], the request's error becomes its [`previous`](Error::previous) one; an error of
/// another type keeps it if it is made from it. This is a function because rustc names the function whose
/// bound is not met, and its name is the user's word.
pub fn fail<R: CanFailWith<X>, X: 'static>(failure: Failure<R>, mut error: X) -> R {
    if let Some(error) = (&mut error as &mut dyn Any).downcast_mut::<Error>() {
        *error = error.clone().with_previous(failure.error());
    }
    R::fail_with(error)
}

impl<R> Failure<R> {
    /// The request's error.
    pub fn error(&self) -> Error {
        self.plain.error.error.clone()
    }
}

impl<R: Succeed> Failure<R> {
    /// Succeeds with a value.
    pub fn recover(self, value: R::Value) -> R {
        self.plain.error.recover();
        R::from_value(value)
    }
}

impl<R: Outcome> Failure<R> {
    /// The outcome of a build error, which a fallback must not hide because it is the caller's mistake. None
    /// for an error of another kind.
    pub fn build_error(&mut self) -> Option<R> {
        let Self { plain: PlainFailure { error: Handled { error, falls_back }, .. }, outcome } =
            self;
        *falls_back = true;
        error.is_build().then(|| outcome.take().unwrap_or_else(|| R::from_error(error.clone())))
    }
}

impl<R> PlainFailure<R> {
    /// Succeeds with a value.
    pub fn recover(&self, value: R) -> R {
        self.error.recover();
        value
    }

    /// None, as this return type cannot carry a build error. The error is logged as [`log`](crate::log) does.
    pub fn build_error(&mut self) -> Option<R> {
        let Handled { error, falls_back } = &mut self.error;
        *falls_back = true;
        if error.is_build() {
            crate::handlers::log(error);
        }
        None
    }
}

#[doc(hidden)]
impl<R> Deref for Failure<R> {
    type Target = PlainFailure<R>;

    fn deref(&self) -> &PlainFailure<R> {
        &self.plain
    }
}

#[doc(hidden)]
impl<R> DerefMut for Failure<R> {
    fn deref_mut(&mut self) -> &mut PlainFailure<R> {
        &mut self.plain
    }
}

impl<R> fmt::Debug for Failure<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Failure").field(&self.plain.error.error).finish()
    }
}

impl<R> fmt::Debug for PlainFailure<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlainFailure").field(&self.error.error).finish()
    }
}
