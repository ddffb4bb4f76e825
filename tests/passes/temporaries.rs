//! Locks in expressions. A guard is dropped at the end of its expression, so the future is `Send`, and two
//! expressions can take the same lock.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use backstop::{Deadline, Ending, Error, HeaderMap, Retry, Session, request, requests};

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

#[derive(Debug)]
pub struct Settings {
    pub session: Session,
    pub headers: HeaderMap,
    pub size: u64,
    pub redirects: u32,
    pub deadline: Deadline,
    pub text: String,
}

#[derive(Debug)]
pub struct Locked {
    pub settings: Mutex<Settings>,
    pub later: tokio::sync::Mutex<Settings>,
}

impl Locked {
    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[request(
        post = "http://localhost/x",
        session = self.settings().session.clone(),
        headers = self.settings().headers.clone(),
        form = [("a", self.settings().text.as_str())],
        max_body = self.settings().size,
        error_body = self.settings().size,
        max_redirects = self.settings().redirects,
        deadline = self.settings().deadline,
        cleanup = tokio::task::yield_now().await,
        finally = |_: Ending| eprintln!("{}", self.settings().size),
    )]
    pub async fn locks_in_the_other_keys(&self) -> Result<String, Error>;

    #[request(
        post = "http://localhost/x",
        session = self.later.lock().await.session.clone(),
        text = self.settings().text.clone(),
        timeout = Duration::from_secs(self.settings().size),
        fallback = self.later.lock().await.text.clone(),
    )]
    pub async fn locks_that_are_awaited(&self) -> String;

    #[request(
        put = "http://localhost/x",
        session = match &*self.settings() { settings if settings.size > 1 => settings.session.clone(), _ => Session::new() },
        json(optional) = Some(self.settings().text.as_str()),
        on_error(Status(404) if self.settings().size == 1 => { drop(self.later.lock().await); recover(String::new()) }),
    )]
    pub async fn session_matched(&self) -> Result<String, Error>;
}

#[requests(
    session = self.settings().session.clone(),
    headers = self.settings().headers.clone(),
    timeout = Duration::from_secs(self.settings().size),
)]
impl Locked {
    #[request(get = "http://localhost/{id}")]
    pub async fn locks_in_a_group(&self, id: u64) -> Result<String, Error>;
}

/// Every future of these is `Send`, too.
pub fn all_of_the_locked_are_send(locked: &Locked) {
    fn is_send<T: Send>(_: T) {}
    is_send(locked.locks_in_the_other_keys());
    is_send(locked.locks_that_are_awaited());
    is_send(locked.session_matched());
    is_send(locked.locks_in_a_group(7));
}
