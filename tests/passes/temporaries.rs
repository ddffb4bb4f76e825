//! Locks in expressions. A guard is dropped at the end of its expression, so the future is `Send`, and two
//! expressions can take the same lock.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use backstop::{Error, Retry, Session, request};

#[derive(Debug)]
pub struct Api {
    pub base: String,
    pub session: RwLock<Session>,
    pub token: Mutex<String>,
    pub tries: Mutex<u32>,
    pub waits: Mutex<Duration>,
    pub later: tokio::sync::Mutex<String>,
}

impl Api {
    fn token(&self) -> MutexGuard<'_, String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tries(&self) -> MutexGuard<'_, u32> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self) -> MutexGuard<'_, Duration> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[request(
        get = "{self.base}/x",
        session = self.session.read().unwrap_or_else(PoisonError::into_inner).clone(),
    )]
    pub async fn session(&self) -> Result<String, Error>;

    #[request(
        get = "{self.base}/x",
        session = *self.session.read().unwrap_or_else(PoisonError::into_inner),
        on_error = log,
        cleanup = tokio::task::yield_now().await,
    )]
    pub async fn session_behind_a_guard(&self) -> Result<String, Error>;

    #[request(
        get = "{self.base}/x",
        session = if shared { Session::new() } else { self.session.read().unwrap_or_else(PoisonError::into_inner).clone() },
    )]
    pub async fn session_chosen(&self, shared: bool) -> Result<(), Error> {
        eprintln!("chosen");
        Ok(())
    }

    #[request(
        post = "{self.base}/x",
        query = [("token", self.token().as_str())],
        header("x-token" = self.token().as_str(), "x-later" = self.later.lock().await.as_str()),
        basic(self.token().as_str(), self.token().as_str()),
        json = self.token().as_str(),
        timeout(total = *self.waits(), attempt = *self.waits()),
        retry(times = *self.tries(), backoff(*self.waits()..*self.waits()), on_retry = |error, _| eprintln!("{error}")),
        fallback = self.token().clone(),
        cleanup = tokio::task::yield_now().await,
    )]
    pub async fn locks_in_every_key(&self) -> Result<String, Error>;

    #[request(
        get = "{self.base}/x",
        bearer = self.token().as_str(),
        retry = Retry::times(*self.tries()).backoff(Duration::from_millis(1)..Duration::from_secs(1)),
        on_error(
            Connect if self.token().is_empty() => recover(self.token().clone()),
            _ => { eprintln!("{}", self.token().len()); tokio::task::yield_now().await; fail(refused(&self.token())) }
        ),
        cleanup = tokio::task::yield_now().await,
    )]
    pub async fn locks_in_arms(&self) -> Result<String, Error> {
        Ok(self.token().clone())
    }
}

fn refused(text: &str) -> Error {
    Error::new(backstop::ErrorKind::Status(400 + u16::from(text.is_empty())))
}

/// Every future of these is `Send`.
pub fn all_are_send(api: &Api) {
    fn is_send<T: Send>(_: T) {}
    is_send(api.session());
    is_send(api.session_behind_a_guard());
    is_send(api.session_chosen(true));
    is_send(api.locks_in_every_key());
    is_send(api.locks_in_arms());
}
