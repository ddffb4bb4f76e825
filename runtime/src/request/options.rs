//! What one call says for itself, beside the function that makes it.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, header as names};

use super::{IntoHeaderValue, bound::Bound, credentials, header::add_header, parts::Parts};
use crate::{deadline::Deadline, error::Error, retry::Retry};

/// The options of one call: they win over what its request says.
///
/// An argument of this type, of a reference to it, or of an `Option` of either, is applied by
/// [`#[request]`](macro@crate::request) without being named in the attribute. By hand it is the argument of
/// [`Request::with_options`](crate::Request::with_options). An option that is not set changes nothing.
///
/// ```
/// use std::time::Duration;
/// use backstop::{CallOptions, Error, request};
///
/// #[request(get = "https://api.example.com/users/{id}", timeout = 10s)]
/// async fn user(id: u64, options: &CallOptions) -> Result<String, Error>;
///
/// # async fn example() -> Result<(), Error> {
/// let usual = CallOptions::new();
/// let urgent = CallOptions::new().timeout(Duration::from_secs(1)).retry(0).bearer_auth("s3cret");
/// let (one, other) = (user(7, &usual).await?, user(8, &urgent).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    headers: HeaderMap,
    timeout: Bound,
    attempt_timeout: Bound,
    idle_timeout: Bound,
    max_body: Option<u64>,
    error_body: Option<u64>,
    max_redirects: Option<u32>,
    retry: Option<Arc<Retry>>,
    deadline: Option<Deadline>,
    /// The first mistake that was made in building them.
    mistake: Option<Error>,
}

impl CallOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bounds the whole call, as [`Request::timeout`](crate::Request::timeout) does.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into().into();
        self
    }

    /// Bounds one attempt, as [`Request::attempt_timeout`](crate::Request::attempt_timeout) does.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.attempt_timeout = timeout.into().into();
        self
    }

    /// Bounds the wait for the next byte of the body, as
    /// [`Request::idle_timeout`](crate::Request::idle_timeout) does.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into().into();
        self
    }

    /// Bounds the call by a time that the caller was given, as
    /// [`Request::deadline`](crate::Request::deadline) does; the sooner of the two counts.
    #[must_use]
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets the retries, as [`Request::retry`](crate::Request::retry) does; `0` for none.
    #[must_use]
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.retry = Some(Arc::new(retry.into()));
        self
    }

    /// How many redirects are followed, as
    /// [`Request::max_redirects`](crate::Request::max_redirects) does.
    #[must_use]
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.max_redirects = Some(redirects);
        self
    }

    /// Bounds the body after decompression, in bytes, as [`Request::max_body`](crate::Request::max_body)
    /// does.
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Bounds how much of the body an error keeps, in bytes, as
    /// [`Request::error_body`](crate::Request::error_body) does.
    #[must_use]
    pub fn error_body(mut self, bytes: u64) -> Self {
        self.error_body = Some(bytes);
        self
    }

    /// Adds a header, in place of all of this name that the request has. `None` leaves those as they are. What
    /// is [refused](crate::Request::header) there is the error of the call.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl IntoHeaderValue) -> Self {
        let added = add_header(&mut self.headers, name.as_ref(), value);
        self.or_mistake(added)
    }

    /// Sets the `Authorization` header with a bearer token (RFC 6750), in place of the request's or of the
    /// session's credentials. `None` leaves those.
    #[must_use]
    pub fn bearer_auth(mut self, token: impl IntoHeaderValue) -> Self {
        let made = credentials::bearer(token).map(|value| {
            if let Some(value) = value {
                self.headers.insert(names::AUTHORIZATION, value);
            }
        });
        self.or_mistake(made)
    }

    fn or_mistake(mut self, made: Result<(), Error>) -> Self {
        if let Err(mistake) = made {
            self.mistake.get_or_insert(mistake);
        }
        self
    }

    /// Applies the options to a request.
    pub(super) fn apply(&self, parts: &mut Parts) -> Result<(), Error> {
        for (of_request, given) in [
            (&mut parts.timeout, self.timeout),
            (&mut parts.attempt_timeout, self.attempt_timeout),
            (&mut parts.idle_timeout, self.idle_timeout),
        ] {
            if given != Bound::Inherit {
                *of_request = given;
            }
        }
        parts.max_body = self.max_body.or(parts.max_body);
        parts.error_body = self.error_body.or(parts.error_body);
        parts.max_redirects = self.max_redirects.or(parts.max_redirects);
        if let Some(retry) = &self.retry {
            parts.retry = Some(Arc::clone(retry));
        }
        if let Some(deadline) = self.deadline {
            parts.deadline = parts.deadline.or_sooner(deadline);
        }
        for name in self.headers.keys() {
            parts.headers.remove(name);
            for value in self.headers.get_all(name) {
                parts.headers.append(name, value.clone());
            }
        }
        self.mistake.clone().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may be secret.
        f.debug_struct("CallOptions")
            .field("timeout", &self.timeout)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}
