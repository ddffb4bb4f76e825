//! A bearer token that is cached, and renewed when it expires or is refused.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    runtime::{Handle, Id},
    time::Instant,
};

use super::{Authorization, Credentials, Refused, failed, flight::Flight, is_asked, within};
use crate::{
    deadline,
    error::{BoxError, Error},
};

/// The default time before its expiry at which a token is renewed.
const RENEW_BEFORE: Duration = Duration::from_secs(30);

/// A bearer token (RFC 6750), and when it expires. `Debug` does not show it.
///
/// ```
/// use std::time::Duration;
/// use backstop::credentials::Token;
///
/// let token = Token::new("eyJhbGciOi…").expires_in(Duration::from_secs(3600));
/// ```
#[derive(Clone)]
pub struct Token {
    text: String,
    expires_in: Option<Duration>,
}

impl Token {
    /// Creates a token that is valid until a server refuses it.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), expires_in: None }
    }

    /// Sets how long the token is valid, from its arrival: `expires_in` of an OAuth 2.0 response (RFC 6749
    /// §5.1).
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires_in = Some(time);
        self
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// A source of bearer tokens. It fetches a token when one is first needed, keeps it, and renews it before it
/// expires or when a server refuses it with 401.
///
/// Calls that need a new token at the same time share one renewal: a hundred calls that receive a 401 fetch
/// one token. Each tokio runtime has its own renewal, because connections belong to a runtime; the token is
/// shared. The calls that wait for a renewal drive it, and it is dropped when the last of them is. If a
/// renewal fails while the old token is still valid, the old one is used.
///
/// Clones share the token.
///
/// ```
/// use std::{sync::LazyLock, time::Duration};
/// use backstop::{Error, Session, credentials::{Bearer, Token}, request};
///
/// #[derive(serde::Deserialize)]
/// struct Granted { access_token: String, expires_in: u64 }
///
/// #[request(
///     post = "/oauth/token",
///     session = API,
///     form = &[("grant_type", "client_credentials")],
///     basic("inventory", "s3cret"),
///     retry = 2,
/// )]
/// async fn sign_in() -> Result<Granted, Error>;
///
/// static API: LazyLock<Session> = LazyLock::new(|| {
///     let bearer = Bearer::new(|| async {
///         let Granted { access_token, expires_in } = sign_in().await?;
///         Ok::<_, Error>(Token::new(access_token).expires_in(Duration::from_secs(expires_in)))
///     });
///     Session::builder()
///         .base_url("https://api.example.com")
///         .credentials(bearer)
///         .build()
///         .expect("the base URL is a constant")
/// });
/// ```
#[derive(Clone)]
pub struct Bearer {
    renew_before: Duration,
    inner: Arc<Inner>,
}

struct Inner {
    fetch: Box<Fetch>,
    state: Mutex<State>,
}

type Fetch = dyn Fn() -> Fetching + Send + Sync;
type Fetching = Pin<Box<dyn Future<Output = Result<Token, BoxError>> + Send>>;

#[derive(Default)]
struct State {
    current: Option<Current>,
    /// The current renewal of each runtime.
    renewals: Vec<(Id, Weak<Flight<Authorization>>)>,
}

struct Current {
    authorization: Authorization,
    /// When it expires, and how long it is valid in total.
    end: Option<(Instant, Duration)>,
}

impl Bearer {
    /// Creates a source that fetches its tokens by `fetch`, which returns a [`Token`] or its text.
    pub fn new<F, Fut, T, E>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<Token>,
        E: Into<BoxError>,
    {
        let fetch = move || -> Fetching {
            let fetching = fetch();
            Box::pin(async move { fetching.await.map(Into::into).map_err(Into::into) })
        };
        let inner = Inner { fetch: Box::new(fetch), state: Mutex::default() };
        Self { renew_before: RENEW_BEFORE, inner: Arc::new(inner) }
    }

    /// Sets how long before its expiry the token is renewed: 30 s by default, and at most half of its
    /// lifetime.
    #[must_use]
    pub fn renew_before(self, time: Duration) -> Self {
        Self { renew_before: time, ..self }
    }
}

impl Credentials for Bearer {
    async fn authorization(
        &self,
        refused: Option<Refused>,
    ) -> Result<Option<Authorization>, BoxError> {
        // The same source may serve another session, over which the token is fetched.
        if is_asked(self.inner.address()) {
            return Ok(None);
        }
        let refused = refused.as_ref().map(Refused::authorization);
        let renewal = match self.inner.current(refused, self.renew_before) {
            Some(authorization) => return Ok(Some(authorization)),
            None => self.inner.renewal()?,
        };
        match renewal.wait().await {
            Ok(authorization) => Ok(Some(authorization)),
            Err(error) => match self.inner.current(refused, Duration::ZERO) {
                Some(authorization) => Ok(Some(authorization)),
                None => Err(error.into()),
            },
        }
    }
}

impl Inner {
    fn address(&self) -> usize {
        std::ptr::from_ref(self) as usize
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The token, unless it was refused or expires within `margin`.
    fn current(&self, refused: Option<&Authorization>, margin: Duration) -> Option<Authorization> {
        let state = self.lock();
        let Current { authorization, end } = state.current.as_ref()?;
        let is_good = end.is_none_or(|(end, life)| {
            let left = end.saturating_duration_since(Instant::now());
            left > margin.min(life / 2)
        });
        (is_good && refused != Some(authorization)).then(|| authorization.clone())
    }

    /// The renewal of this runtime. A new one starts when it is first polled.
    fn renewal(self: &Arc<Self>) -> Result<Arc<Flight<Authorization>>, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::no_runtime())?.id();
        let mut state = self.lock();
        state.renewals.retain(|(_, renewal)| renewal.strong_count() > 0);
        let of_runtime = state.renewals.iter().find(|(id, _)| *id == runtime);
        if let Some(renewal) = of_runtime.and_then(|(_, renewal)| renewal.upgrade()) {
            return Ok(renewal);
        }
        let inner = Arc::clone(self);
        let renewing = async move {
            let renewed = inner.renew().await;
            // A later caller may already have been refused the new token, so it must not join this renewal.
            inner.lock().renewals.retain(|(id, _)| *id != runtime);
            renewed
        };
        // The renewal belongs to none of the calls that drive it, so no call's deadline bounds it.
        let renewal = Flight::new(deadline::unbounded(within(self.address(), renewing)));
        state.renewals.push((runtime, Arc::downgrade(&renewal)));
        Ok(renewal)
    }

    async fn renew(&self) -> Result<Authorization, Error> {
        let Token { text, expires_in } = (self.fetch)().await.map_err(failed)?;
        let authorization = Authorization::bearer(text).map_err(|error| failed(error.into()))?;
        let end = expires_in.and_then(|life| Some((Instant::now().checked_add(life)?, life)));
        self.lock().current = Some(Current { authorization: authorization.clone(), end });
        Ok(authorization)
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("renew_before", &self.renew_before).finish_non_exhaustive()
    }
}
