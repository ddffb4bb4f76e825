//! Choices by type, for code that doesn't know its types: how `#[request]` reads a return type.
//!
//! A macro sees how a type is written and not what it is: behind `Answer` may stand a `Result`. So
//! the code that it makes asks here, and method resolution answers. Each question is a method of
//! several types, of which each dereferences to the next; the first whose bounds hold is called.
//!
//! | question | asked with | answers, the first that fits |
//! |---|---|---|
//! | how is the response read, in a function without a body? | [`returns`] | the success type [reads itself](FromResponse), [reads the head](FromResponseParts), or is [JSON](FromJson) |
//! | the same, where a failure is handled | [`total`] | the success type or the type itself reads itself, reads the head, or is JSON |
//! | how is what a body takes from the response read? | [`taken`] | the type [reads itself](FromResponse), or [reads the head](FromResponseParts) |
//! | which request error did the body return? | [`returned`] | the one in the chain of a `Result`'s error, or none |
//! | what does a recovered function yield? | [`Failure`](crate::Failure) | the outcome of success, or the [plain](PlainFailure) value |
//!
//! In a generic function the bounds that it states decide.

use std::{error::Error as StdError, fmt, marker::PhantomData, ops::Deref, sync::Arc};

use serde::de::DeserializeOwned;

pub use crate::outcome::PlainFailure;
use crate::{
    error::Error,
    outcome::{Ending, Outcome, Succeed},
    response::{FromResponse, FromResponseParts, Response, read, read_head},
};

/// A type that is read from JSON: every `DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a response",
    label = "neither reads itself (`FromResponse`) nor is `DeserializeOwned`",
    note = "for JSON, add `#[derive(serde::Deserialize)]` to it"
)]
pub trait FromJson: Sized {
    /// Makes the value.
    ///
    /// # Errors
    ///
    /// As [`Response::json`].
    fn from_json(response: Response) -> Result<Self, Error>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromJson for T {
    fn from_json(response: Response) -> Result<Self, Error> {
        response.json()
    }
}

/// How a response, or the error in its place, becomes a `T`.
pub struct Reader<T> {
    /// Whether the body stays open.
    pub streaming: bool,
    read: fn(Result<Response, Error>) -> T,
}

impl<T> Reader<T> {
    /// Makes it, of what [`fetch`](crate::Session::fetch) returned.
    pub fn read(&self, response: Result<Response, Error>) -> T {
        (self.read)(response)
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("streaming", &self.streaming).finish_non_exhaustive()
    }
}

fn value<R: Succeed<Value: FromResponse>>(response: Result<Response, Error>) -> Result<R, Error> {
    read::<R::Value>(response).map(R::from_value)
}

fn head_value<R: Succeed<Value: FromResponseParts>>(
    response: Result<Response, Error>,
) -> Result<R, Error> {
    read_head::<R::Value>(response).map(R::from_value)
}

fn json_value<R: Succeed<Value: FromJson>>(response: Result<Response, Error>) -> Result<R, Error> {
    response.and_then(R::Value::from_json).map(R::from_value)
}

/// Makes each type dereference to the next, by its field.
macro_rules! then {
    ($(<$($life:lifetime,)? $r:ident> $from:ty => $to:ty;)*) => { $(
        impl<$($life,)? $r> Deref for $from {
            type Target = $to;

            fn deref(&self) -> &$to {
                &self.0
            }
        }
    )* };
}

/// Asks how a response is read as the success type of an [`Outcome`].
pub fn returns<R>() -> Returns<R> {
    Returns(ReturnsHead(ReturnsJson(PhantomData)))
}

/// The question of [`returns`].
#[derive(Debug)]
pub struct Returns<R>(ReturnsHead<R>);

/// The next answer of [`Returns`].
#[derive(Debug)]
pub struct ReturnsHead<R>(ReturnsJson<R>);

/// The next answer of [`ReturnsHead`].
#[derive(Debug)]
pub struct ReturnsJson<R>(PhantomData<fn() -> R>);

impl<R: Outcome<Value: FromResponse>> Returns<R> {
    /// The success type reads itself.
    pub fn reader(&self) -> Reader<R> {
        Reader {
            streaming: R::Value::STREAMING,
            read: |response| value(response).unwrap_or_else(R::from_error),
        }
    }
}

impl<R: Outcome<Value: FromResponseParts>> ReturnsHead<R> {
    /// The success type reads the head, and nobody the body.
    pub fn reader(&self) -> Reader<R> {
        Reader {
            streaming: false,
            read: |response| head_value(response).unwrap_or_else(R::from_error),
        }
    }
}

impl<R> ReturnsJson<R> {
    /// The success type is read from JSON.
    pub fn reader(&self) -> Reader<R>
    where
        R: Outcome,
        R::Value: FromJson,
    {
        Reader {
            streaming: false,
            read: |response| json_value(response).unwrap_or_else(R::from_error),
        }
    }
}

/// Asks how a response is read as any type, or as the value of one that [`Succeed`]s.
pub fn total<R>() -> Total<R> {
    Total(TotalPlain(TotalHead(TotalPlainHead(TotalJson(TotalPlainJson(PhantomData))))))
}

/// The question of [`total`].
#[derive(Debug)]
pub struct Total<R>(TotalPlain<R>);

/// The next answer of [`Total`].
#[derive(Debug)]
pub struct TotalPlain<R>(TotalHead<R>);

/// The next answer of [`TotalPlain`].
#[derive(Debug)]
pub struct TotalHead<R>(TotalPlainHead<R>);

/// The next answer of [`TotalHead`].
#[derive(Debug)]
pub struct TotalPlainHead<R>(TotalJson<R>);

/// The next answer of [`TotalPlainHead`].
#[derive(Debug)]
pub struct TotalJson<R>(TotalPlainJson<R>);

/// The next answer of [`TotalJson`].
#[derive(Debug)]
pub struct TotalPlainJson<R>(PhantomData<fn() -> R>);

impl<R: Succeed<Value: FromResponse>> Total<R> {
    /// The success type reads itself.
    pub fn reader(&self) -> Reader<Result<R, Error>> {
        Reader { streaming: R::Value::STREAMING, read: value }
    }
}

impl<R: FromResponse> TotalPlain<R> {
    /// The type reads itself.
    pub fn reader(&self) -> Reader<Result<R, Error>> {
        Reader { streaming: R::STREAMING, read: read::<R> }
    }
}

impl<R: Succeed<Value: FromResponseParts>> TotalHead<R> {
    /// The success type reads the head, and nobody the body.
    pub fn reader(&self) -> Reader<Result<R, Error>> {
        Reader { streaming: false, read: head_value }
    }
}

impl<R: FromResponseParts> TotalPlainHead<R> {
    /// The type reads the head, and nobody the body.
    pub fn reader(&self) -> Reader<Result<R, Error>> {
        Reader { streaming: false, read: read_head::<R> }
    }
}

impl<R: Succeed> TotalJson<R> {
    /// The success type is read from JSON.
    pub fn reader(&self) -> Reader<Result<R, Error>>
    where
        R::Value: FromJson,
    {
        Reader { streaming: false, read: json_value }
    }
}

impl<R> TotalPlainJson<R> {
    /// The type is read from JSON.
    pub fn reader(&self) -> Reader<Result<R, Error>>
    where
        R: FromJson,
    {
        Reader { streaming: false, read: |response| response.and_then(R::from_json) }
    }
}

/// Asks how a response is read as what a body takes from it.
pub fn taken<T>() -> Taken<T> {
    Taken(TakenHead(TakenNothing(PhantomData)))
}

/// The question of [`taken`].
#[derive(Debug)]
pub struct Taken<T>(TakenHead<T>);

/// The next answer of [`Taken`].
#[derive(Debug)]
pub struct TakenHead<T>(TakenNothing<T>);

/// The next answer of [`TakenHead`].
#[derive(Debug)]
pub struct TakenNothing<T>(PhantomData<fn() -> T>);

impl<T: FromResponse> Taken<T> {
    /// The type reads itself.
    pub fn reader(&self) -> Reader<Result<T, Error>> {
        Reader { streaming: T::STREAMING, read: read::<T> }
    }
}

impl<T: FromResponseParts> TakenHead<T> {
    /// The type reads the head, and nobody the body.
    pub fn reader(&self) -> Reader<Result<T, Error>> {
        Reader { streaming: false, read: read_head::<T> }
    }
}

impl<T> TakenNothing<T> {
    /// The type would have to read itself.
    pub fn reader(&self) -> Reader<Result<T, Error>>
    where
        T: FromResponse,
    {
        Taken(TakenHead(TakenNothing(PhantomData::<fn() -> T>))).reader()
    }
}

/// Asks what a body returned.
pub fn returned<R>(outcome: &R) -> Returned<'_, R> {
    Returned(ReturnedShared(ReturnedLocal(ReturnedError(ReturnedAny(outcome)))))
}

/// The question of [`returned`].
#[derive(Debug)]
pub struct Returned<'a, R>(ReturnedShared<'a, R>);

/// The next answer of [`Returned`].
#[derive(Debug)]
pub struct ReturnedShared<'a, R>(ReturnedLocal<'a, R>);

/// The next answer of [`Returned`].
#[derive(Debug)]
pub struct ReturnedLocal<'a, R>(ReturnedError<'a, R>);

/// The next answer of [`ReturnedLocal`].
#[derive(Debug)]
pub struct ReturnedError<'a, R>(ReturnedAny<'a, R>);

/// The next answer of [`ReturnedError`].
#[derive(Debug)]
pub struct ReturnedAny<'a, R>(&'a R);

impl<T, E> Returned<'_, Result<T, E>> {
    /// Whether the function succeeded, which a `Result` says.
    pub fn ending(&self) -> Ending {
        match self.outcome() {
            Ok(_) => Ending::Done,
            Err(_) => Ending::Failed,
        }
    }
}

/// As most functions have it. rustc finds this answer in a third of the time that the others take.
impl<T> Returned<'_, Result<T, Error>> {
    /// The returned error.
    pub fn request_error(&self) -> Option<Error> {
        self.outcome().as_ref().err().cloned()
    }
}

/// `anyhow::Error`, `eyre::Report`, and a boxed error that is `Send` and `Sync`. Before those that
/// have a chain of causes, so that one which leaves out the request's can give it.
impl<T, E: AsRef<dyn StdError + Send + Sync>> ReturnedShared<'_, Result<T, E>> {
    /// The request error that the returned error holds, or that is among its causes.
    pub fn request_error(&self) -> Option<Error> {
        find(self.outcome().as_ref().err()?.as_ref())
    }
}

/// Other boxed errors, and those that give another so.
impl<T, E: AsRef<dyn StdError>> ReturnedLocal<'_, Result<T, E>> {
    /// The request error that the returned error holds, or that is among its causes.
    pub fn request_error(&self) -> Option<Error> {
        find(self.outcome().as_ref().err()?.as_ref())
    }
}

impl<T, E: StdError + 'static> ReturnedError<'_, Result<T, E>> {
    /// The request error that the returned error is, or that is among its causes.
    pub fn request_error(&self) -> Option<Error> {
        find(self.outcome().as_ref().err()?)
    }
}

impl<'a, R> ReturnedAny<'a, R> {
    /// None: there is no chain of causes to look into.
    pub fn request_error(&self) -> Option<Error> {
        None
    }

    /// The function succeeded, as its return type cannot tell otherwise.
    pub fn ending(&self) -> Ending {
        Ending::Done
    }

    fn outcome(&self) -> &'a R {
        self.0
    }
}

then! {
    <R> Returns<R> => ReturnsHead<R>;
    <R> ReturnsHead<R> => ReturnsJson<R>;
    <T> Taken<T> => TakenHead<T>;
    <T> TakenHead<T> => TakenNothing<T>;
    <R> Total<R> => TotalPlain<R>;
    <R> TotalPlain<R> => TotalHead<R>;
    <R> TotalHead<R> => TotalPlainHead<R>;
    <R> TotalPlainHead<R> => TotalJson<R>;
    <R> TotalJson<R> => TotalPlainJson<R>;
    <'a, R> Returned<'a, R> => ReturnedShared<'a, R>;
    <'a, R> ReturnedShared<'a, R> => ReturnedLocal<'a, R>;
    <'a, R> ReturnedLocal<'a, R> => ReturnedError<'a, R>;
    <'a, R> ReturnedError<'a, R> => ReturnedAny<'a, R>;
}

fn find(error: &(dyn StdError + 'static)) -> Option<Error> {
    let found = |error: &(dyn StdError + 'static)| {
        // A cause in a box is the box, as far as its type goes.
        let boxed = error.downcast_ref::<Box<Error>>().map(|error| &**error);
        let shared = error.downcast_ref::<Arc<Error>>().map(|error| &**error);
        error.downcast_ref::<Error>().or(boxed).or(shared).cloned()
    };
    std::iter::successors(Some(error), |&error| error.source()).find_map(found)
}

/// Nothing, of this type. An `async` block that begins by returning it has its type settled as a
/// function has by its signature, so that what follows coerces and converts to it.
pub fn no_outcome<R>() -> Option<R> {
    None
}
