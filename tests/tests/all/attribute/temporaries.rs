//! Temporaries of an expression are dropped at its end.

use backstop::{Error, Session, request};
use tokio::sync::{Mutex, RwLock};

use super::base;
use crate::support::{bounded, session};

struct Api {
    base: String,
    session: RwLock<Session>,
    token: Mutex<String>,
}

impl Api {
    fn new() -> Self {
        Self {
            base: base(),
            session: RwLock::new(session(|builder| builder)),
            token: Mutex::new("abc".to_owned()),
        }
    }

    #[request(get = "{self.base}/stall", session = *self.session.read().await)]
    async fn borrowed(&self) -> Result<String, Error>;

    #[request(
        get = "{self.base}/stall",
        session = self.session.read().await.clone(),
        on_error = log,
    )]
    async fn cloned(&self) -> Result<(), Error> {
        Ok(())
    }

    #[request(
        get = "{self.base}/stall",
        session = *self.session.read().await,
        bearer = self.token.lock().await.as_str(),
    )]
    async fn unread(&self) -> Result<(), Error> {
        Ok(())
    }

    #[request(
        post = "{self.base}/echo",
        session = self.session.read().await.clone(),
        query = [("a", self.token.lock().await.as_str())],
        header("x-a" = self.token.lock().await.as_str(), "x-b" = self.token.lock().await.len()),
        basic(self.token.lock().await.as_str(), self.token.lock().await.as_str()),
        text = self.token.lock().await.clone(),
        retry(
            times = self.token.lock().await.len() as u32,
            backoff(wait(&self.token).await..wait(&self.token).await),
        ),
    )]
    async fn locked_by_each(&self) -> Result<String, Error>;
}

async fn wait(token: &Mutex<String>) -> std::time::Duration {
    std::time::Duration::from_millis(token.lock().await.len() as u64)
}

/// Whether `call` waits without holding a lock.
async fn waits_free(api: &Api, call: impl Future<Output = Result<impl Sized, Error>>) -> bool {
    tokio::pin!(call);
    // Poll until the call waits for the response, and for nothing else.
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = &mut call => return false,
            () = tokio::task::yield_now() => {}
        }
    }
    api.session.try_write().is_ok() && api.token.try_lock().is_ok()
}

#[tokio::test]
async fn no_lock_is_held_while_waiting_for_the_response() {
    let api = Api::new();
    assert!(waits_free(&api, api.borrowed()).await);
    assert!(waits_free(&api, api.cloned()).await);
    assert!(waits_free(&api, api.unread()).await);
}

#[tokio::test]
async fn each_expression_may_take_the_same_lock() {
    let api = Api::new();
    let target = bounded(api.locked_by_each()).await.expect("200");
    assert_eq!(target, "/echo?a=abc");
}
