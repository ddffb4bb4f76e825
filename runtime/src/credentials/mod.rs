//! Credentials that change while a session lives: a source provides them for each attempt.
//!
//! ```text
//! attempt ─ ask ─► Credentials::authorization ─► header of each hop to the session's origin
//!    401 ─ ask ─► the same, told what was refused ─► the hop is sent again, once
//! ```
//!
//! [`Bearer`] is the source for tokens: it caches a token, renews it, and shares the renewal among all calls
//! that wait for it. A source may send requests over the session that it serves: these requests are sent
//! without its credentials.

mod bearer;
mod flight;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, header};

pub use self::bearer::{Bearer, Token};
use crate::{
    error::{BoxError, BuildError, Error, ErrorKind},
    request::{IntoHeaderValue, basic, header_name, secret},
};

/// A source of credentials for the requests of a session.
///
/// A session asks the source before each attempt, and once more per call if the server answers 401. The
/// header is sent to the origin of the session's base URL, or without a base URL to the origin that the
/// request names, and never to another origin after a redirect. A request with an `Authorization` of its own
/// (`bearer`, `basic`, `header`) does not use the source.
///
/// Implemented for [`Bearer`], and for closures with the signature of
/// [`authorization`](Credentials::authorization). The timers of the attempt include the source. The source
/// may send requests over the same session, which carry none of its credentials. A task that the source
/// spawns must not use the session: it is not recognised as part of the source.
///
/// ```
/// use backstop::{Session, credentials::{Authorization, Credentials, Refused}};
///
/// /// A key in a file that another program replaces.
/// struct KeyFile(std::path::PathBuf);
///
/// impl Credentials for KeyFile {
///     async fn authorization(
///         &self,
///         _refused: Option<Refused>,
///     ) -> Result<Option<Authorization>, Box<dyn std::error::Error + Send + Sync>> {
///         let key = std::fs::read_to_string(&self.0)?;
///         Ok(Some(Authorization::header("x-api-key", key.trim())?))
///     }
/// }
///
/// let session = Session::builder()
///     .base_url("https://api.example.com")
///     .credentials(KeyFile("/run/secrets/key".into()))
///     .build()?;
/// # Ok::<(), backstop::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of credentials",
    label = "does not implement `Credentials`",
    note = "a closure takes an `Option<Refused>` and returns a future of \
            `Result<Authorization, _>`; for a token, use `Bearer::new`"
)]
pub trait Credentials: Send + Sync + 'static {
    /// Returns the credentials for one attempt, or `None` to send it without. `refused` holds the credentials
    /// that the server answered with 401 in this call; if they are returned again, the request is not
    /// repeated.
    ///
    /// # Errors
    ///
    /// Any error. The call fails with [`ErrorKind::Credentials`], and this error as its source.
    fn authorization(
        &self,
        refused: Option<Refused>,
    ) -> impl Future<Output = Result<Option<Authorization>, BoxError>> + Send;
}

impl<F, Fut, A, E> Credentials for F
where
    F: Fn(Option<Refused>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<A, E>> + Send,
    A: Into<Option<Authorization>>,
    E: Into<BoxError>,
{
    async fn authorization(
        &self,
        refused: Option<Refused>,
    ) -> Result<Option<Authorization>, BoxError> {
        self(refused).await.map(Into::into).map_err(Into::into)
    }
}

/// A header with credentials: `Authorization` or another one. `Debug` shows only its name.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    name: HeaderName,
    value: HeaderValue,
}

impl Authorization {
    /// `Authorization: Bearer …` (RFC 6750).
    ///
    /// # Errors
    ///
    /// [`BuildError::Header`] if the token has a character that is not valid in a header.
    pub fn bearer(token: impl AsRef<str>) -> Result<Self, Error> {
        let value = secret(&format!("Bearer {}", token.as_ref()))?;
        Ok(Self { name: header::AUTHORIZATION, value })
    }

    /// `Authorization: Basic …` (RFC 7617).
    ///
    /// # Errors
    ///
    /// [`BuildError::Header`] for a control character, and for a `:` in the user name.
    pub fn basic(user: impl fmt::Display, password: impl fmt::Display) -> Result<Self, Error> {
        let (user, password) = (user.to_string(), password.to_string());
        let value = basic(user.as_bytes(), password.as_bytes())?;
        Ok(Self { name: header::AUTHORIZATION, value })
    }

    /// Another header, such as `x-api-key`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Header`] if the name or the value is not valid, or the header belongs to the connection.
    pub fn header(name: impl AsRef<str>, value: impl IntoHeaderValue) -> Result<Self, Error> {
        let name = header_name(name.as_ref())?;
        let refuse =
            || Error::build(BuildError::Header, "the credentials are not a valid header value");
        // The message shows neither the value nor what is wrong with it.
        let value = value.into_header_value().map_err(|_| refuse())?;
        let mut value = value.ok_or_else(refuse)?;
        value.set_sensitive(true);
        Ok(Self { name, value })
    }

    /// Adds the header to those of a hop. It replaces the session's `Authorization`; other headers with its
    /// name are kept.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        if self.name == header::AUTHORIZATION || !headers.contains_key(&self.name) {
            headers.insert(self.name.clone(), self.value.clone());
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Credentials that the server answered with 401.
#[derive(Debug, Clone)]
pub struct Refused {
    authorization: Authorization,
    error: Error,
}

impl Refused {
    pub(crate) fn new(authorization: Authorization, error: Error) -> Self {
        Self { authorization, error }
    }

    /// The refused credentials.
    pub fn authorization(&self) -> &Authorization {
        &self.authorization
    }

    /// The server's answer: its status, its headers (such as `www-authenticate`) and its URL.
    pub fn error(&self) -> &Error {
        &self.error
    }
}

/// A [`Credentials`] with its type erased.
pub(crate) trait Source: Send + Sync {
    fn ask(&self, refused: Option<Refused>) -> Asking<'_>;
}

type Asking<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Authorization>, BoxError>> + Send + 'a>>;

impl<C: Credentials> Source for C {
    fn ask(&self, refused: Option<Refused>) -> Asking<'_> {
        Box::pin(self.authorization(refused))
    }
}

tokio::task_local! {
    /// The addresses of the sources that this code runs in.
    static ASKED: Vec<usize>;
}

/// Whether this code runs in the source with this address.
fn is_asked(address: usize) -> bool {
    ASKED.try_with(|asked| asked.contains(&address)).unwrap_or(false)
}

/// Runs a future as part of the source with this address.
fn within<F: Future>(address: usize, future: F) -> impl Future<Output = F::Output> {
    let mut asked = ASKED.try_with(Clone::clone).unwrap_or_default();
    asked.push(address);
    ASKED.scope(asked, future)
}

/// Asks a source, unless this code runs in it.
pub(crate) async fn ask(
    source: &Arc<dyn Source>,
    refused: Option<Refused>,
) -> Result<Option<Authorization>, Error> {
    let address = Arc::as_ptr(source).cast::<()>() as usize;
    if is_asked(address) {
        return Ok(None);
    }
    within(address, source.ask(refused)).await.map_err(failed)
}

/// The error of a source that failed.
fn failed(error: BoxError) -> Error {
    match error.downcast::<Error>() {
        // A renewal that several calls shared.
        Ok(error) if error.kind() == ErrorKind::Credentials => *error,
        Ok(error) => Error::new(ErrorKind::Credentials).with_source(*error),
        Err(error) => Error::new(ErrorKind::Credentials).with_source(error),
    }
}
