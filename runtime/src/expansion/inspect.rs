//! Finds the request error in the return value of a body.

use std::{error::Error as StdError, sync::Arc};

use super::ending::Ending;
use crate::error::Error;

/// Inspects the return value of a body.
///
/// `inspect(&outcome).request_error()` is the request's [`Error`], if the outcome is a `Result` whose error
/// is one or has one in its chain of causes. That chain is read through `AsRef<dyn Error>`, which
/// `anyhow::Error` implements, or through [`std::error::Error::source`].
///
/// `inspect(&outcome).ending()` is [`Ending::Failed`] for an `Err`, and otherwise [`Ending::Done`].
///
/// ```
/// use backstop::{Ending, Error, ErrorKind, expansion::inspect};
///
/// let outcome: Result<u8, Error> = Err(Error::new(ErrorKind::Protocol));
/// assert!(inspect(&outcome).request_error().is_some());
/// assert_eq!(inspect(&outcome).ending(), Ending::Failed);
/// assert!(inspect(&7).request_error().is_none());
/// ```
pub fn inspect<R>(outcome: &R) -> Inspected<'_, R> {
    Inspected(InspectedShared(InspectedLocal(InspectedError(InspectedAny(outcome)))))
}

/// A `Result`, usually of an `Error`.
#[derive(Debug)]
pub struct Inspected<'a, R>(InspectedShared<'a, R>);

/// A `Result` whose error is `AsRef<dyn Error + Send + Sync>`.
#[derive(Debug)]
pub struct InspectedShared<'a, R>(InspectedLocal<'a, R>);

/// A `Result` whose error is `AsRef<dyn Error>`.
#[derive(Debug)]
pub struct InspectedLocal<'a, R>(InspectedError<'a, R>);

/// A `Result` whose error is a `std::error::Error`.
#[derive(Debug)]
pub struct InspectedError<'a, R>(InspectedAny<'a, R>);

/// Any other type.
#[derive(Debug)]
pub struct InspectedAny<'a, R>(&'a R);

impl<T, E> Inspected<'_, Result<T, E>> {
    /// Whether the function succeeded.
    pub fn ending(&self) -> Ending {
        match self.outcome() {
            Ok(_) => Ending::Done,
            Err(_) => Ending::Failed,
        }
    }
}

/// The error type of most functions. rustc resolves this method in a third of the time of the others.
impl<T> Inspected<'_, Result<T, Error>> {
    /// The returned error.
    pub fn request_error(&self) -> Option<Error> {
        self.outcome().as_ref().err().cloned()
    }
}

/// `anyhow::Error`, `eyre::Report`, and a boxed error that is `Send` and `Sync`. These come before types with
/// a chain of causes, so that a type whose chain lacks the request's error can provide it by `AsRef`.
impl<T, E: AsRef<dyn StdError + Send + Sync>> InspectedShared<'_, Result<T, E>> {
    /// The request error that the returned error holds, or that is among its causes.
    pub fn request_error(&self) -> Option<Error> {
        find(self.outcome().as_ref().err()?.as_ref())
    }
}

/// Other boxed errors, and types that are `AsRef<dyn Error>`.
impl<T, E: AsRef<dyn StdError>> InspectedLocal<'_, Result<T, E>> {
    /// The request error that the returned error holds, or that is among its causes.
    pub fn request_error(&self) -> Option<Error> {
        find(self.outcome().as_ref().err()?.as_ref())
    }
}

impl<T, E: StdError + 'static> InspectedError<'_, Result<T, E>> {
    /// The request error that the returned error is, or that is among its causes.
    pub fn request_error(&self) -> Option<Error> {
        find(self.outcome().as_ref().err()?)
    }
}

impl<'a, R> InspectedAny<'a, R> {
    /// `None`: there is no chain of causes to search.
    pub fn request_error(&self) -> Option<Error> {
        None
    }

    /// The function succeeded, as its return type cannot express a failure.
    pub fn ending(&self) -> Ending {
        Ending::Done
    }

    fn outcome(&self) -> &'a R {
        self.0
    }
}

dereference! {
    <'a, R> Inspected<'a, R> => InspectedShared<'a, R>;
    <'a, R> InspectedShared<'a, R> => InspectedLocal<'a, R>;
    <'a, R> InspectedLocal<'a, R> => InspectedError<'a, R>;
    <'a, R> InspectedError<'a, R> => InspectedAny<'a, R>;
}

fn find(error: &(dyn StdError + 'static)) -> Option<Error> {
    let found = |error: &(dyn StdError + 'static)| {
        // The type of a boxed cause is the box itself.
        let boxed = error.downcast_ref::<Box<Error>>().map(|error| &**error);
        let shared = error.downcast_ref::<Arc<Error>>().map(|error| &**error);
        error.downcast_ref::<Error>().or(boxed).or(shared).cloned()
    };
    std::iter::successors(Some(error), |&error| error.source()).find_map(found)
}
