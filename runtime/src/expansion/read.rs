//! How a response becomes the value of a return type, or of a `#[response]` argument.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{self, DeserializeOwned, Visitor},
    forward_to_deserialize_any,
};

use super::outcome::{Failure, Succeed, failed};
use crate::{
    error::Error,
    response::{FromResponse, FromResponseParts, Reads, Response, read, read_head, read_with},
};

/// A type that is decoded from JSON: every `DeserializeOwned`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a response",
    label = "neither reads itself (`FromResponse`) nor is `DeserializeOwned`",
    note = "for JSON, add `#[derive(serde::Deserialize)]` to it, and for a type parameter in it the bound \
            `serde::de::DeserializeOwned`"
)]
pub trait FromJson: Sized {
    /// Decodes the body. Without one (204, 205 and 304), an `Option` is `None`.
    ///
    /// # Errors
    ///
    /// As [`Response::json`].
    fn from_json(response: Response) -> Result<Self, Error>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromJson for T {
    fn from_json(response: Response) -> Result<Self, Error> {
        match response.has_no_content().then(|| T::deserialize(Nothing)) {
            Some(Ok(none)) => Ok(none),
            _ => response.json(),
        }
    }
}

/// Deserializes `None`, and nothing else.
struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("no content"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Turns a response or an error into a `T`.
pub struct Reader<T, V> {
    /// Whether the type streams the body: the argument of [`Request::streaming`](crate::Request::streaming).
    pub streaming: Reads,
    read: fn(Result<Response, Error>, Decode<V>) -> T,
    /// The decoding function that the expansion passed. Only readers of a `V` use it.
    decode: Decode<V>,
}

/// [`FromJson::from_json`] or [`FromResponse::from_response`], of a `V`.
///
/// The expansion names the function and this crate the `V`: where the type does not implement the trait,
/// rustc says only that.
type Decode<V> = fn(Response) -> Result<V, Error>;

impl<T, V> Reader<T, V> {
    /// Reads the result of [`Session::fetch`](crate::Session::fetch).
    pub fn read(&self, response: Result<Response, Error>) -> T {
        (self.read)(response, self.decode)
    }
}

impl<T, V> fmt::Debug for Reader<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("streaming", &self.streaming).finish_non_exhaustive()
    }
}

fn value<R: Succeed<Value: FromResponse>>(response: Result<Response, Error>) -> Result<R, Error> {
    without_content(R::Value::NEEDS_BODY, response, read::<R::Value>)
}

/// An `Option` as the return type is `None` if its value needs a body and there is none.
fn without_content<R: Succeed>(
    needs_body: bool,
    response: Result<Response, Error>,
    read: impl FnOnce(Result<Response, Error>) -> Result<R::Value, Error>,
) -> Result<R, Error> {
    match (R::NOTHING, &response) {
        (Some(nothing), Ok(response)) if needs_body && response.has_no_content() => {
            response.parts().was_read(None);
            Ok(nothing())
        }
        _ => read(response).map(R::from_value),
    }
}

fn head_value<R: Succeed<Value: FromResponseParts>>(
    response: Result<Response, Error>,
) -> Result<R, Error> {
    read_head::<R::Value>(response).map(R::from_value)
}

/// Decodes a response as the return type of a function without a body.
///
/// `decode::<R>().reader(FromJson::from_json)` is a [`Reader`] of `Result<R, Failure<R>>`. If `R` implements
/// [`Succeed`], it wraps the decoded value; otherwise it is the decoded value. The value is decoded by the
/// first of [`FromResponse`], [`FromResponseParts`] and [`FromJson`] that it implements.
pub fn decode<R>() -> WrappedFromBody<R> {
    WrappedFromBody(WrappedFromHead(WrappedFromJson(PlainFromBody(PlainFromHead(PlainFromJson(
        PhantomData,
    ))))))
}

/// `R` is `Succeed`, and its value `FromResponse`.
#[derive(Debug)]
pub struct WrappedFromBody<R>(WrappedFromHead<R>);

/// `R` is `Succeed`, and its value `FromResponseParts`.
#[derive(Debug)]
pub struct WrappedFromHead<R>(WrappedFromJson<R>);

/// `R` is `Succeed`, and its value `FromJson`, or an error names the value.
#[derive(Debug)]
pub struct WrappedFromJson<R>(PlainFromBody<R>);

/// `R` is `FromResponse`.
#[derive(Debug)]
pub struct PlainFromBody<R>(PlainFromHead<R>);

/// `R` is `FromResponseParts`.
#[derive(Debug)]
pub struct PlainFromHead<R>(PlainFromJson<R>);

/// `R` is `FromJson`, or an error names it.
#[derive(Debug)]
pub struct PlainFromJson<R>(PhantomData<fn() -> R>);

impl<R: Succeed<Value: FromResponse>> WrappedFromBody<R> {
    /// Reads the body.
    pub fn reader(&self, decode: Decode<()>) -> Reader<Result<R, Failure<R>>, ()> {
        Reader {
            streaming: Reads::of::<R::Value>(),
            read: |response, _| value(response).map_err(failed),
            decode,
        }
    }
}

impl<R: Succeed<Value: FromResponseParts>> WrappedFromHead<R> {
    /// Reads the head.
    pub fn reader(&self, decode: Decode<()>) -> Reader<Result<R, Failure<R>>, ()> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response, _| head_value(response).map_err(failed),
            decode,
        }
    }
}

impl<R: Succeed> WrappedFromJson<R> {
    /// Reads the body as JSON.
    pub fn reader(&self, decode: Decode<R::Value>) -> Reader<Result<R, Failure<R>>, R::Value> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response, from_json| {
                let read = |response| read_with(response, from_json);
                without_content(true, response, read).map_err(failed)
            },
            decode,
        }
    }
}

impl<R: FromResponse> PlainFromBody<R> {
    /// Reads the body.
    pub fn reader(&self, decode: Decode<()>) -> Reader<Result<R, Failure<R>>, ()> {
        Reader {
            streaming: Reads::of::<R>(),
            read: |response, _| read::<R>(response).map_err(failed),
            decode,
        }
    }
}

impl<R: FromResponseParts> PlainFromHead<R> {
    /// Reads the head.
    pub fn reader(&self, decode: Decode<()>) -> Reader<Result<R, Failure<R>>, ()> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response, _| read_head::<R>(response).map_err(failed),
            decode,
        }
    }
}

impl<R> PlainFromJson<R> {
    /// Reads the body as JSON.
    pub fn reader(&self, decode: Decode<R>) -> Reader<Result<R, Failure<R>>, R> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response, from_json| read_with(response, from_json).map_err(failed),
            decode,
        }
    }
}

/// Decodes `#[response]` arguments, of which the last may read the body or only the head.
///
/// `extract::<T>().reader(FromResponse::from_response)` is a [`Reader`] of `Result<T, Error>`. `T`, a
/// tuple for several arguments, is decoded by the first of [`FromResponse`] and [`FromResponseParts`] that
/// it implements.
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
    pub fn reader(&self, decode: Decode<()>) -> Reader<Result<T, Error>, ()> {
        Reader { streaming: Reads::of::<T>(), read: |response, _| read::<T>(response), decode }
    }
}

impl<T: FromResponseParts> ArgumentFromHead<T> {
    /// Reads the head.
    pub fn reader(&self, decode: Decode<()>) -> Reader<Result<T, Error>, ()> {
        Reader { streaming: Reads::BUFFERED, read: |response, _| read_head::<T>(response), decode }
    }
}

impl<T> ResponseArgument<T> {
    /// Reads the body, if the type could.
    pub fn reader(&self, decode: Decode<T>) -> Reader<Result<T, Error>, T> {
        Reader {
            streaming: Reads::BUFFERED,
            read: |response, decode| read_with(response, decode),
            decode,
        }
    }
}

dereference! {
    <R> WrappedFromBody<R> => WrappedFromHead<R>;
    <R> WrappedFromHead<R> => WrappedFromJson<R>;
    <R> WrappedFromJson<R> => PlainFromBody<R>;
    <R> PlainFromBody<R> => PlainFromHead<R>;
    <R> PlainFromHead<R> => PlainFromJson<R>;
    <T> ArgumentFromBody<T> => ArgumentFromHead<T>;
    <T> ArgumentFromHead<T> => ResponseArgument<T>;
}
