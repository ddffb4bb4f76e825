//! How a response becomes the value of a return type, or of a `#[response]` argument.

use std::{fmt, marker::PhantomData};

use serde::de::DeserializeOwned;

use super::outcome::{Failure, Outcome, Succeed, failed};
use crate::{
    error::Error,
    response::{FromResponse, FromResponseParts, Reads, Response, read, read_head},
};

/// A type that is decoded from JSON: every `DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a response",
    label = "neither reads itself (`FromResponse`) nor is `DeserializeOwned`",
    note = "for JSON, add `#[derive(serde::Deserialize)]` to it"
)]
pub trait FromJson: Sized {
    /// Decodes the body.
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

/// Turns a response, or the error in its place, into a `T`.
pub struct Reader<T> {
    /// What the type wants of the request: the argument of
    /// [`Request::streaming`](crate::Request::streaming).
    pub streaming: Reads,
    read: fn(Result<Response, Error>) -> T,
}

impl<T> Reader<T> {
    /// Reads the result of [`Session::fetch`](crate::Session::fetch).
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

/// Decodes a response as a return type that carries an error: for a function without a body and
/// without handlers.
///
/// `decode::<R>().reader()` is a [`Reader<R>`]. The success type of the [`Outcome`] `R` is
/// decoded by the first of [`FromResponse`], [`FromResponseParts`] and [`FromJson`] that it
/// implements.
pub fn decode<R>() -> OutcomeFromBody<R> {
    OutcomeFromBody(OutcomeFromHead(OutcomeFromJson(PhantomData)))
}

/// The success type is `FromResponse`.
#[derive(Debug)]
pub struct OutcomeFromBody<R>(OutcomeFromHead<R>);

/// The success type is `FromResponseParts`.
#[derive(Debug)]
pub struct OutcomeFromHead<R>(OutcomeFromJson<R>);

/// The success type is `FromJson`, or an error names it.
#[derive(Debug)]
pub struct OutcomeFromJson<R>(PhantomData<fn() -> R>);

impl<R: Outcome<Value: FromResponse>> OutcomeFromBody<R> {
    /// Reads the body.
    pub fn reader(&self) -> Reader<R> {
        Reader {
            streaming: Reads::of::<R::Value>(),
            read: |response| value(response).unwrap_or_else(R::from_error),
        }
    }
}

impl<R: Outcome<Value: FromResponseParts>> OutcomeFromHead<R> {
    /// Reads the head.
    pub fn reader(&self) -> Reader<R> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response| head_value(response).unwrap_or_else(R::from_error),
        }
    }
}

impl<R> OutcomeFromJson<R> {
    /// Reads the body as JSON.
    pub fn reader(&self) -> Reader<R>
    where
        R: Outcome,
        R::Value: FromJson,
    {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response| json_value(response).unwrap_or_else(R::from_error),
        }
    }
}

/// Decodes a response as any return type: for a function without a body whose failure is handled.
///
/// `try_decode::<R>().reader()` is a [`Reader<Result<R, Failure<R>>>`](Reader). If `R` implements
/// [`Succeed`], it wraps the value that is decoded, and otherwise it is that value. The value is decoded
/// as by [`decode`].
pub fn try_decode<R>() -> WrappedFromBody<R> {
    WrappedFromBody(PlainFromBody(WrappedFromHead(PlainFromHead(WrappedFromJson(PlainFromJson(
        PhantomData,
    ))))))
}

/// `R` is `Succeed`, and its value `FromResponse`.
#[derive(Debug)]
pub struct WrappedFromBody<R>(PlainFromBody<R>);

/// `R` is `FromResponse`.
#[derive(Debug)]
pub struct PlainFromBody<R>(WrappedFromHead<R>);

/// `R` is `Succeed`, and its value `FromResponseParts`.
#[derive(Debug)]
pub struct WrappedFromHead<R>(PlainFromHead<R>);

/// `R` is `FromResponseParts`.
#[derive(Debug)]
pub struct PlainFromHead<R>(WrappedFromJson<R>);

/// `R` is `Succeed`, and its value `FromJson`, or an error names the value.
#[derive(Debug)]
pub struct WrappedFromJson<R>(PlainFromJson<R>);

/// `R` is `FromJson`, or an error names it.
#[derive(Debug)]
pub struct PlainFromJson<R>(PhantomData<fn() -> R>);

impl<R: Succeed<Value: FromResponse>> WrappedFromBody<R> {
    /// Reads the body.
    pub fn reader(&self) -> Reader<Result<R, Failure<R>>> {
        Reader {
            streaming: Reads::of::<R::Value>(),
            read: |response| value(response).map_err(failed),
        }
    }
}

impl<R: FromResponse> PlainFromBody<R> {
    /// Reads the body.
    pub fn reader(&self) -> Reader<Result<R, Failure<R>>> {
        Reader { streaming: Reads::of::<R>(), read: |response| read::<R>(response).map_err(failed) }
    }
}

impl<R: Succeed<Value: FromResponseParts>> WrappedFromHead<R> {
    /// Reads the head.
    pub fn reader(&self) -> Reader<Result<R, Failure<R>>> {
        Reader { streaming: Reads::BUFFERED, read: |response| head_value(response).map_err(failed) }
    }
}

impl<R: FromResponseParts> PlainFromHead<R> {
    /// Reads the head.
    pub fn reader(&self) -> Reader<Result<R, Failure<R>>> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response| read_head::<R>(response).map_err(failed),
        }
    }
}

impl<R: Succeed> WrappedFromJson<R> {
    /// Reads the body as JSON.
    pub fn reader(&self) -> Reader<Result<R, Failure<R>>>
    where
        R::Value: FromJson,
    {
        Reader { streaming: Reads::BUFFERED, read: |response| json_value(response).map_err(failed) }
    }
}

impl<R> PlainFromJson<R> {
    /// Reads the body as JSON.
    pub fn reader(&self) -> Reader<Result<R, Failure<R>>>
    where
        R: FromJson,
    {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response| response.and_then(R::from_json).map_err(failed),
        }
    }
}

/// Decodes `#[response]` arguments whose last type may take the body or read the head alone.
///
/// `extract::<T>().reader()` is a [`Reader<Result<T, Error>>`](Reader). `T`, a tuple for several
/// arguments, is decoded by the first of [`FromResponse`] and [`FromResponseParts`] that it implements.
pub fn extract<T>() -> ArgumentFromBody<T> {
    ArgumentFromBody(ArgumentFromHead(ResponseArgument(PhantomData)))
}

/// `T` is `FromResponse`.
#[derive(Debug)]
pub struct ArgumentFromBody<T>(ArgumentFromHead<T>);

/// `T` is `FromResponseParts`.
#[derive(Debug)]
pub struct ArgumentFromHead<T>(ResponseArgument<T>);

/// `T` is neither: an error asks for `FromResponse`.
#[derive(Debug)]
pub struct ResponseArgument<T>(PhantomData<fn() -> T>);

impl<T: FromResponse> ArgumentFromBody<T> {
    /// Reads the body.
    pub fn reader(&self) -> Reader<Result<T, Error>> {
        Reader { streaming: Reads::of::<T>(), read: read::<T> }
    }
}

impl<T: FromResponseParts> ArgumentFromHead<T> {
    /// Reads the head.
    pub fn reader(&self) -> Reader<Result<T, Error>> {
        Reader { streaming: Reads::BUFFERED, read: read_head::<T> }
    }
}

impl<T> ResponseArgument<T> {
    /// Reads the body, if the type could.
    pub fn reader(&self) -> Reader<Result<T, Error>>
    where
        T: FromResponse,
    {
        extract::<T>().reader()
    }
}

dereference! {
    <R> OutcomeFromBody<R> => OutcomeFromHead<R>;
    <R> OutcomeFromHead<R> => OutcomeFromJson<R>;
    <R> WrappedFromBody<R> => PlainFromBody<R>;
    <R> PlainFromBody<R> => WrappedFromHead<R>;
    <R> WrappedFromHead<R> => PlainFromHead<R>;
    <R> PlainFromHead<R> => WrappedFromJson<R>;
    <R> WrappedFromJson<R> => PlainFromJson<R>;
    <T> ArgumentFromBody<T> => ArgumentFromHead<T>;
    <T> ArgumentFromHead<T> => ResponseArgument<T>;
}
