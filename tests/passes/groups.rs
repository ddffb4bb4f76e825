//! Groups of functions.

use backstop::{Error, Json, Session, requests};

use super::keys::{User, is_late, notify, release};

#[derive(Debug)]
pub struct Client {
    pub session: Session,
    pub token: Option<String>,
}

/// Every key that can be shared.
#[requests(
    base = "/repos/{owner}/{repo}",
    session = self.session,
    query = [("api-version", "2022-11-28")],
    header("accept" = "application/vnd.github+json", "x-b" = "b"),
    bearer = self.token.as_deref(),
    expect(200..=299 | 304),
    timeout(total = 30s, attempt = 20s, idle = 10s),
    max_body = 1MiB,
    error_body = 64KiB,
    retry(times = 2, on(Connect | Timeout(Idle)), idempotency_key),
    on_error(Connect | Timeout => log, Status(401 | 404) => notify, error @ _ if is_late(error) => print, _ => log(warn)),
    cleanup = release(),
    finally = |_| (),
)]
impl Client {
    pub const NAME: &'static str = "client";

    #[request(get = "")]
    pub async fn repo(&self, owner: &str, repo: &str) -> Result<User, Error>;

    #[request(get = "/issues/{number}", on_error(Status(404) | Timeout(Idle) => recover(None)), timeout = 5s)]
    pub async fn issue(
        &self,
        owner: &str,
        repo: &str,
        number: u64,
        #[response] Json(user): Json<User>,
    ) -> Result<Option<User>, Error> {
        Ok(Some(user))
    }

    #[request(post = "/issues", json = user, retry = 0, header("X-B" = None::<&str>))]
    pub async fn open(&self, owner: &str, repo: &str, user: &User) -> Result<User, Error>;

    #[request(post = "https://uploads.example.com/{owner}/{repo}", text = "x", on_error = log)]
    pub async fn upload(&self, owner: &str, repo: &str) -> Result<(), Error>;

    #[must_use]
    pub const fn name(&self) -> &str {
        Self::NAME
    }
}

#[requests(timeout = 2s)]
pub mod functions {
    use backstop::Error;

    #[request(get = "https://api.example.com/{id}")]
    pub async fn one(id: u8) -> Result<String, Error>;

    pub mod inner {
        #[backstop::request(get = "https://api.example.com/{id}")]
        pub async fn two(id: u8) -> Option<String>;
    }
}

/// A public trait, with futures that are `Send`.
#[requests(base = "https://api.example.com", session = self.session())]
pub trait Api {
    fn session(&self) -> &Session;

    #[request(get = "/users/{id}", on_error(Status(404) => recover(None)))]
    async fn user(&self, id: u64) -> Result<Option<User>, Error>;

    #[request(get = "/users/{id}")]
    async fn named(&self, id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
        let other = self.user(user.id).await?;
        Ok(other.map_or_else(String::new, |user| user.name))
    }

    #[request(get = "/users", query = filter)]
    async fn users<T: serde::Serialize + Sync>(&self, filter: &T) -> Result<Vec<User>, Error>;

    #[request(get = "/ping", on_error = log)]
    async fn ping(&self);

    #[request(delete = "/users/{id}")]
    async fn delete(&mut self, id: u64) -> Result<(), Error>;
}

impl Api for Client {
    fn session(&self) -> &Session {
        &self.session
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Mock;

impl Api for Mock {
    fn session(&self) -> &Session {
        Session::shared()
    }

    async fn user(&self, id: u64) -> Result<Option<User>, Error> {
        Ok(Some(User { id, name: String::new() }))
    }
}

pub async fn generic(api: &impl Api) -> Result<Option<User>, Error> {
    api.user(1).await
}

pub fn is_send(api: &impl Api) -> impl Future<Output = Result<String, Error>> + Send {
    api.named(1)
}

/// A trait whose futures need not be `Send`.
#[requests(?Send, base = "https://api.example.com")]
pub trait Local {
    #[request(get = "/users/{id}")]
    async fn user(&self, id: u64) -> Result<User, Error>;
}

/// A group without shared keys.
#[requests()]
pub trait Bare {
    #[request(get = "https://api.example.com/")]
    async fn root(&self) -> Result<String, Error>;
}

/// A trait that already has the bound `Sync`.
#[requests(session = self.session())]
pub trait Shared: Sync {
    fn session(&self) -> &Session;

    #[request(get = "/users/{id}")]
    async fn user(&self, id: u64) -> Result<String, Error>;
}
