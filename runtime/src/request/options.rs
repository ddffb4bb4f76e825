//! What one call says for itself, beside the function that makes it.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderMap, header as names};

use super::{IntoHeaderValue, bound::Bound, credentials, header::add_header, parts::Parts};
use crate::{deadline::Deadline, error::Error, retry::Retry};

/// The options of one call, which override the settings of its request.
///
/// [`#[request]`](macro@crate::request) applies an argument of this type, of a reference to it, or of an
/// `Option` of either. The attribute does not have to name the argument. Without the attribute, use
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
    /// Creates options that change nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the timeout of the whole call, like [`Request::timeout`](crate::Request::timeout).
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into().into();
        self
    }

    /// Sets the timeout of one attempt, like [`Request::attempt_timeout`](crate::Request::attempt_timeout).
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.attempt_timeout = timeout.into().into();
        self
    }

    /// Sets the timeout of the wait for the next byte of the body, like
    /// [`Request::idle_timeout`](crate::Request::idle_timeout).
    #[must_use]
    pub fn idle_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.idle_timeout = timeout.into().into();
        self
    }

    /// Sets a deadline for the call, like [`Request::deadline`](crate::Request::deadline). If the request has
    /// a deadline as well, the earlier one applies.
    #[must_use]
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets the retries, like [`Request::retry`](crate::Request::retry). `0` disables them.
    #[must_use]
    pub fn retry(mut self, retry: impl Into<Retry>) -> Self {
        self.retry = Some(Arc::new(retry.into()));
        self
    }

    /// Sets the maximum number of redirects, like [`Request::max_redirects`](crate::Request::max_redirects).
    #[must_use]
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.max_redirects = Some(redirects);
        self
    }

    /// Sets the maximum size of the response body after decompression, in bytes, like
    /// [`Request::max_body`](crate::Request::max_body).
    #[must_use]
    pub fn max_body(mut self, bytes: u64) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sets how much of the body an error keeps, in bytes, like
    /// [`Request::error_body`](crate::Request::error_body).
    #[must_use]
    pub fn error_body(mut self, bytes: u64) -> Self {
        self.error_body = Some(bytes);
        self
    }

    /// Sets a header, and replaces all headers of this name in the request. `None` leaves them unchanged. A
    /// header that [`Request::header`](crate::Request::header) refuses is an error of the call.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl IntoHeaderValue) -> Self {
        let added = add_header(&mut self.headers, name.as_ref(), value);
        self.or_mistake(added)
    }

    /// Sets the `Authorization` header with a bearer token (RFC 6750), instead of the credentials of the
    /// request or the session. `None` keeps those credentials.
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
