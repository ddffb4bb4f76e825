//! The items that the attribute's expansions use, and that an ejected function keeps.
//!
//! [`#[request]`](macro@crate::request) expands to calls of this crate's public items. Items that are of no
//! other use to a program are in this module. `cargo expand` shows them, and a function whose attribute was
//! replaced by its expansion keeps them.
//!
//! **This module is exempt from semantic versioning.** The attribute is pinned to the version of this crate,
//! so functions under it follow every change automatically. An ejected function does not: pin `backstop =
//! "=x.y.z"` for it, or rewrite it with [`Request`](crate::Request),
//! [`Session::fetch`](crate::Session::fetch) and [`Response::read`](crate::Response::read), which follow
//! semantic versioning.
//!
//! # An expansion, line by line
//!
//! ```
//! # use backstop::{Error, Json};
//! # #[derive(serde::Deserialize)] struct User { name: String }
//! # fn release_resources() {}
//! async fn user_name(id: u64) -> Result<Option<String>, Error> {
//!     // The keys for what is sent, and the type that reads the response.
//!     let request = ::backstop::Request::get("https://api.example.com/users/{id}")
//!         .path("id", &id)
//!         .reads::<Json<User>>()
//!         .handled();
//!     let response = ::backstop::Session::shared().fetch(request).await;
//!     ::backstop::expansion::call(|| -> Result<Option<String>, Error> {
//!         // A failure is an error of the request, or one that the body returned.
//!         let failure = match ::backstop::expansion::read::<Json<User>>(response) {
//!             ::core::result::Result::Ok(Json(user)) => {
//!                 let outcome: Result<Option<String>, Error> = { Ok(Some(user.name)) };
//!                 let error = ::backstop::expansion::inspect(&outcome).request_error();
//!                 let ::core::option::Option::Some(error) = error else {
//!                     return outcome;
//!                 };
//!                 ::backstop::expansion::returned(error, outcome)
//!             }
//!             ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
//!         };
//!         // The arms of `on_error`. An arm that recovers leaves with its value; otherwise
//!         // the error becomes the outcome.
//!         let error = failure.error();
//!         let outcome = 'handled: {
//!             match error.kind() {
//!                 ::backstop::ErrorKind::Connect(_) => ::backstop::print(&error),
//!                 ::backstop::ErrorKind::Status(404) => {
//!                     break 'handled failure.recover(None);
//!                 }
//!                 _ => ::backstop::log(&error),
//!             }
//!             ::backstop::Outcome::from_failure(failure)
//!         };
//!         // `cleanup`.
//!         release_resources();
//!         outcome
//!     })
//! }
//! ```
//!
//! | in an expansion | purpose |
//! |---|---|
//! | [`decode`] | decodes the response of a function without a body |
//! | [`read`], [`extract`] | decode the `#[response]` arguments |
//! | [`segment`] | writes a value into the path, by its `Display` or its `Serialize` |
//! | [`inspect`] | finds the request error in the return value of the body |
//! | [`failed`], [`returned`] | make a [`Failure`], the error on its way to the outcome |
//! | [`fail`] | fails with another error |
//! | [`call`] | calls a closure: the steps after the response, a body that returns early, or a closure in `cleanup` |
//! | [`on_error`] | refuses to drop a value of a handler that matters, such as a future |
//! | [`cleanup`](fn@cleanup) | refuses to drop a value of a `cleanup` that matters, such as a future |
//! | [`notify`] | calls a closure in `on_error` |
//! | [`finally`], [`finally_async`], [`finally_of`], [`finally_async_of`] | make the guard of the key `finally` |
//! | [`Scope`] | runs a body that awaits |
//! | [`empty_body`] | is the value of an empty body if the return type is written |
//! | [`type_hint`] | states the type of an `async` block |
//!
//! # Choices by type
//!
//! A macro sees how a type is written, not what it is: an alias `Answer` may be a `Result`. `decode`,
//! `extract`, `segment`, `inspect`, `on_error`, `cleanup` and `Failure` therefore leave the choice to method
//! resolution. Each returns a type that dereferences to another type with the same method, and so on; the
//! first method whose bounds hold is called. In a generic function, the function's own bounds decide.

/// Makes each type dereference to the next, which is its only field.
macro_rules! dereference {
    ($(<$($life:lifetime,)? $($r:ident),+> $from:ty => $to:ty;)*) => { $(
        impl<$($life,)? $($r),+> std::ops::Deref for $from {
            type Target = $to;

            fn deref(&self) -> &$to {
                &self.0
            }
        }
    )* };
}

mod cleanup;
pub(crate) mod ending;
mod handler;
mod inspect;
pub(crate) mod outcome;
mod read;
mod scope;
mod segment;
pub(crate) mod summary;

#[doc(hidden)]
pub use self::{
    cleanup::{CleanupAny, CleanupFuture, CleanupNothing, CleanupResult},
    handler::{
        HandlerAny, HandlerFuture, HandlerNothing, HandlerOutcome, HandlerResult, HandlerValue,
    },
    inspect::{Inspected, InspectedAny, InspectedError, InspectedLocal, InspectedShared},
    outcome::PlainFailure,
    read::{
        ArgumentFromBody, ArgumentFromHead, PlainFromBody, PlainFromHead, PlainFromJson,
        ResponseArgument, WrappedFromBody, WrappedFromHead, WrappedFromJson,
    },
    segment::{SegmentAny, SegmentDisplayed, SegmentOptional, SegmentSerialized, Serialized},
};
pub use self::{
    cleanup::{CleanupMayDrop, cleanup},
    ending::{
        Finally, FinallyAsync, FinallyFuture, ReturnsNothing, finally, finally_async,
        finally_async_of, finally_of,
    },
    handler::{HandlerMayDrop, on_error},
    inspect::inspect,
    outcome::{CanFailWith, EmptyBody, Failure, Succeed, empty_body, fail, failed, returned},
    read::{FromJson, Reader, decode, extract},
    scope::Scope,
    segment::segment,
    summary::FinallyArgument,
};
use crate::error::Error;
pub use crate::response::{Reads, read};

/// Calls a closure, and returns what it returns.
///
/// The steps after a response are in a closure if none of them awaits, because rustc checks a closure in two
/// thirds of the time of the same code in an `async` function.
///
/// ```
/// assert_eq!(backstop::expansion::call(|| 7), 7);
/// ```
pub fn call<R>(steps: impl FnOnce() -> R) -> R {
    steps()
}

/// Calls a handler that is written as a closure.
///
/// As an argument of this function, the closure needs no type for its own argument.
///
/// ```
/// use backstop::{Error, ErrorKind, expansion::notify};
///
/// let error = Error::new(ErrorKind::Protocol);
/// notify(&error, |error| eprintln!("failed in attempt {}", error.attempts()));
/// ```
pub fn notify<'a, T>(error: &'a Error, handler: impl FnOnce(&'a Error) -> T) -> T {
    handler(error)
}

/// `None`, of a stated type.
///
/// An `async` block takes its type from the first value that it returns. One that begins with
/// `if let Some(outcome) = type_hint::<R>() { return outcome; }` has the type `R`, to which later
/// values coerce as they do in a function that returns `R`.
///
/// ```
/// assert_eq!(backstop::expansion::type_hint::<u8>(), None);
/// ```
pub fn type_hint<R>() -> Option<R> {
    None
}
