//! The facts of a call that succeeded, as a value of their own.

use std::time::Duration;

use http::{StatusCode, Version};
use url::Url;

use super::{FromResponse, FromResponseParts, Hop, Response};
use crate::error::Error;

/// The facts of a successful call: everything in a [`Response`] except its headers and body. It can be a
/// `#[response]` argument beside the type that reads the body.
///
/// ```
/// use backstop::{Error, Facts, Json, request};
///
/// #[request(get = "https://api.example.com/names", retry = 2)]
/// async fn names(
///     #[response] facts: Facts,
///     #[response] Json(names): Json<Vec<String>>,
/// ) -> Result<Vec<String>, Error> {
///     println!("{} in {:?}, attempt {}", facts.url(), facts.elapsed(), facts.attempts());
///     Ok(names)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Facts {
    status: StatusCode,
    version: Version,
    attempts: u32,
    elapsed: Duration,
    history: Vec<Hop>,
    url: Url,
}

impl Facts {
    fn of(response: &Response) -> Self {
        Self {
            status: response.status(),
            version: response.version(),
            attempts: response.attempts(),
            elapsed: response.elapsed(),
            history: response.history(),
            url: response.url().clone(),
        }
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The HTTP version of the response.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The URL of the response, as in [`Response::url`].
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The number of attempts: 1 without a retry.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The time from the start of the call until the response arrived, as in [`Response::elapsed`].
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The hops of the last attempt, as in [`Response::history`].
    pub fn history(&self) -> &[Hop] {
        &self.history
    }
}

impl FromResponse for Facts {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(Self::of(&response))
    }
}

impl FromResponseParts for Facts {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(Self::of(response))
    }
}

/// The URL of the response: the last one after redirects, without a fragment.
impl FromResponse for Url {
    const NEEDS_BODY: bool = false;

    fn from_response(response: Response) -> Result<Self, Error> {
        Ok(response.url().clone())
    }
}

/// The URL of the response: the last one after redirects, without a fragment.
impl FromResponseParts for Url {
    fn from_response_parts(response: &Response) -> Result<Self, Error> {
        Ok(response.url().clone())
    }
}
