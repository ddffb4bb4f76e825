//! Reads values from responses.
//!
//! Reading is a plain function of a response that has arrived. A type that reads the body as it arrives sets
//! [`FromResponse::STREAMING`].

use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use serde::{Serialize, Serializer, de::DeserializeOwned};

use super::{BodyStream, Response};
use crate::{deadline::Deadline, error::Error};

/// A type that can be read from a response, including its body.
///
/// It is implemented for `()`, [`StatusCode`], [`HeaderMap`], [`Version`], [`Url`](crate::Url),
/// [`Facts`](crate::Facts), [`Deadline`], [`Response`], [`Bytes`], `Vec<u8>`, `String`, [`Json`],
/// [`BodyStream`], and for tuples of two to six types, all of which except the last implement
/// [`FromResponseParts`]. If `T` [needs a body](FromResponse::NEEDS_BODY), `Option<T>` is `None` for the
/// statuses 204, 205 and 304, which have no body; otherwise it is read like `T`. The trait is not implemented
/// for `Result`, because the return type of the function determines what happens on an error.
///
/// ```
/// use backstop::{Error, FromResponse, Response};
///
/// /// The lines of a text.
/// struct Lines(Vec<String>);
///
/// impl FromResponse for Lines {
///     fn from_response(response: Response) -> Result<Self, Error> {
///         Ok(Self(response.text()?.lines().map(str::to_owned).collect()))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a response",
    label = "does not implement `FromResponse`",
    note = "for a value in JSON, take `Json(value): Json<{Self}>`"
)]
pub trait FromResponse: Sized {
    /// Whether the type reads the body as a stream, with [`Response::into_stream`]. By default, the body is
    /// buffered.
    const STREAMING: bool = false;

    /// Whether the type needs a response with a [`Continuation`](crate::Continuation). False by default.
    const CONTINUED: bool = false;

    /// Headers to add to a request for this type, unless the request or its session sets a header of the same
    /// name. By default there are none.
    const HEADERS: &'static [(&'static str, &'static str)] = &[];

    /// Whether the value is read from the body. If so, `Option<Self>` is `None` for a response without a body
    /// (204, 205 and 304). True by default.
    const NEEDS_BODY: bool = true;

    /// Reads the value.
    ///
    /// # Errors
    ///
    /// Usually [`Decode`](crate::ErrorKind::Decode), from the methods of [`Response`] or from
    /// [`Response::error`].
    fn from_response(response: Response) -> Result<Self, Error>;
}

/// How a response is read: the argument of [`Request::streaming`](crate::Request::streaming).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reads {
    pub(crate) streaming: bool,
    pub(crate) continued: bool,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// Whether a type reads the response, and tells how the call ended.
    pub(crate) by_type: bool,
}

impl Reads {
    /// The body is buffered to its end.
    pub const BUFFERED: Self =
        Self { streaming: false, continued: false, headers: &[], by_type: true };

    /// The settings of a type that implements [`FromResponse`].
    pub fn of<T: FromResponse>() -> Self {
        Self {
            streaming: T::STREAMING,
            continued: T::CONTINUED,
            headers: T::HEADERS,
            by_type: true,
        }
    }
}

/// `true` leaves the body open, and `false` buffers it.
impl From<bool> for Reads {
    fn from(streaming: bool) -> Self {
        Self { streaming, by_type: false, ..Self::BUFFERED }
    }
}

/// Reads the result of [`fetch`](crate::Session::fetch). [`Response::read`] does the same for a response.
///
/// # Errors
///
/// The given error, or the error of the type's [`from_response`](FromResponse::from_response). If that error
/// has no facts of a call, the facts of this call are added: method, URL, status, headers, the start of the
/// body, attempts and duration.
///
/// ```
/// use backstop::{Error, Json, Request, Session, expansion::read};
///
/// # async fn example() -> Result<(), Error> {
/// let request = Request::get("https://api.example.com/names").reads::<Json<Vec<String>>>();
/// let response = Session::shared().fetch(request).await;
/// match read::<Json<Vec<String>>>(response) {
///     Ok(Json(names)) => println!("{names:?}"),
///     Err(error) => eprintln!("{error:#}"),
/// }
/// # Ok(())
/// # }
/// ```
pub fn read<T: FromResponse>(response: Result<Response, Error>) -> Result<T, Error> {
    read_with(response, T::from_response)
}

/// The same by a function. A reader that the request [names](crate::Request::reads) tells how the call ended.
pub(crate) fn read_with<T>(
    response: Result<Response, Error>,
    decode: impl FnOnce(Response) -> Result<T, Error>,
) -> Result<T, Error> {
    let response = response?;
    let parts = response.parts();
    let value = decode(response).map_err(|error| parts.describe(error));
    parts.was_read(value.as_ref().err());
    value
}

/// Reads a type from the head alone.
pub(crate) fn read_head<T: FromResponseParts>(
    response: Result<Response, Error>,
) -> Result<T, Error> {
    read_with(response, |response| T::from_response_parts(&response))
}

/// A type that can be read from the head of a response, without its body.
///
/// It is implemented for [`StatusCode`], [`HeaderMap`], [`Version`], [`Url`](crate::Url),
/// [`Facts`](crate::Facts), [`Deadline`], for tuples of two to six such types, and for an `Option` of one.
/// That `Option` is always `Some`, because every response has a head. In a function under `#[request]`, an
/// argument of such a type can come before a [`FromResponse`] argument, or be the last or only one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read beside another type",
    label = "takes the body, or does not implement `FromResponseParts`",
    note = "one `#[response]` argument can take the body, and it comes last"
)]
pub trait FromResponseParts: Sized {
    /// Reads the value.
    ///
    /// # Errors
    ///
    /// The type determines its errors. For example, it can fail if a header is missing.
    fn from_response_parts(response: &Response) -> Result<Self, Error>;
}

/// A value that is read from JSON. [`Response::json`] lists the errors.
///
/// ```no_run
/// use backstop::{Error, Json, request};
///
/// #[derive(serde::Deserialize)]
/// struct User { name: String }
///
/// #[request(get = "https://api.example.com/users/{id}")]
/// async fn user_name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
///     Ok(user.name)
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T>(
    /// The value.
    pub T,
);

/// Serializes the inner value, so that a `Json` can also be sent.
impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: DeserializeOwned> FromResponse for Json<T> {
    fn from_response(response: Response) -> Result<Self, Error> {
        response.json().map(Json)
    }
}

impl<T: FromResponse> FromResponse for Option<T> {
    const STREAMING: bool = T::STREAMING;
    const CONTINUED: bool = T::CONTINUED;
    const HEADERS: &'static [(&'static str, &'static str)] = T::HEADERS;
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        match T::NEEDS_BODY && response.has_no_content() {
            true => Ok(None),
            false => T::from_response(response).map(Some),
        }
    }
}

impl<T: FromResponseParts> FromResponseParts for Option<T> {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        T::from_response_parts(response).map(Some)
    }
}

impl FromResponse for Response {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        // The response may be kept for long, and its function has received it.
        response.end_span();
        Ok(response)
    }
}

impl FromResponse for Bytes {
    fn from_response(response: Response) -> Result<Self, Error> {
        response.into_bytes()
    }
}

impl FromResponse for Vec<u8> {
    fn from_response(response: Response) -> Result<Self, Error> {
        response.into_bytes().map(Vec::from)
    }
}

impl FromResponse for String {
    fn from_response(response: Response) -> Result<Self, Error> {
        response.text()
    }
}

impl FromResponse for BodyStream {
    const STREAMING: bool = true;

    fn from_response(response: Response) -> Result<Self, Error> {
        response.end_span();
        Ok(response.into_stream())
    }
}

impl FromResponse for () {
    const NEEDS_BODY: bool = false;

    fn from_response(_: Response) -> Result<Self, Error> {
        Ok(())
    }
}

impl FromResponse for HeaderMap {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(response.into_headers())
    }
}

impl FromResponseParts for HeaderMap {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(response.headers().clone())
    }
}

// Not by a macro, whose name rustc would show in the error for a type without an impl.

impl FromResponse for StatusCode {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(response.status())
    }
}

impl FromResponseParts for StatusCode {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(response.status())
    }
}

impl FromResponse for Version {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(response.version())
    }
}

impl FromResponseParts for Version {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(response.version())
    }
}

impl FromResponse for Deadline {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(response.deadline())
    }
}

impl FromResponseParts for Deadline {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(response.deadline())
    }
}

macro_rules! from_response_for_tuples {
    ($(($($part:ident)+) $last:ident;)*) => { $(
        impl<$($part: FromResponseParts,)+ $last: FromResponseParts> FromResponseParts
            for ($($part,)+ $last)
        {
            fn from_response_parts(response: &Response) -> Result<Self, Error> {
                Ok(($($part::from_response_parts(response)?,)+ $last::from_response_parts(response)?))
            }
        }

        impl<$($part: FromResponseParts,)+ $last: FromResponse> FromResponse for ($($part,)+ $last) {
            const STREAMING: bool = $last::STREAMING;
            const CONTINUED: bool = $last::CONTINUED;
            const HEADERS: &'static [(&'static str, &'static str)] = $last::HEADERS;
            const NEEDS_BODY: bool = $last::NEEDS_BODY;

            fn from_response(response: Response) -> Result<Self, Error> {
                Ok(($($part::from_response_parts(&response)?,)+ $last::from_response(response)?))
            }
        }
    )* };
}

from_response_for_tuples! {
    (A) B;
    (A B) C;
    (A B C) D;
    (A B C D) E;
    (A B C D E) F;
}
