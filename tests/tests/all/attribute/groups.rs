//! Functions that share their keys.

use std::sync::Arc;

use backstop::{Error, Session, StatusCode, requests};
use backstop_tests::{Answer, Server};

use super::{SERVER, Trace, base};
use crate::support::{SESSION, User};

struct Api {
    base: String,
    token: &'static str,
    trace: Trace,
}

impl Api {
    fn new() -> Self {
        Self { base: base(), token: "t", trace: Trace::default() }
    }
}

#[requests(
    base = "{self.base}",
    session = SESSION,
    bearer = self.token,
    header("x-a" = "group", "x-b" = "group"),
    on_error(Status(404) => self.trace.note("group 404"), error @ _ => self.trace.note(error.kind().to_string())),
    cleanup = self.trace.note("cleaned"),
)]
impl Api {
    /// Not a request.
    fn name() -> &'static str {
        "api"
    }

    #[request(get = "/users/{id}")]
    async fn user(&self, id: u8) -> Result<User, Error>;

    #[backstop::request(get = "/status/{status}", on_error(Status(404) => recover(None)))]
    async fn status(&self, status: u16) -> Result<Option<()>, Error> {
        Ok(Some(()))
    }

    #[request(get = "/status/{status}")]
    async fn plain_status(&self, status: u16) -> Result<StatusCode, Error>;

    #[request(get = "/x", header("X-B" = "own"), basic("user", "password"))]
    async fn headers(&self) -> Result<String, Error>;
}

#[tokio::test]
async fn functions_of_an_impl_share_their_keys() {
    let api = Api::new();
    assert_eq!(Api::name(), "api");
    assert_eq!(api.user(7).await.expect("Ada").id, 7);
    assert!(api.trace.take().is_empty());
    assert_eq!(api.status(404).await.expect("recovered"), None);
    assert_eq!(api.trace.take(), ["cleaned"], "the function's arm runs");
    assert!(api.plain_status(404).await.expect_err("404").is_status());
    assert_eq!(api.trace.take(), ["group 404", "cleaned"]);
    assert!(api.status(500).await.is_err());
    let heard = api.trace.take();
    assert_eq!((heard.len(), heard[1].as_str()), (2, "cleaned"), "{heard:?}");
}

#[tokio::test]
async fn headers_of_the_group_and_of_the_function_are_sent() {
    let server = Server::start(|asked| {
        let header = |name| asked.header(name).to_owned();
        Answer::new(200, [header("x-a"), header("x-b"), header("authorization")].join(" "))
    });
    let api = Api { base: server.url(), ..Api::new() };
    let sent = api.headers().await.expect("200");
    assert_eq!(sent, "group own Basic dXNlcjpwYXNzd29yZA==");
}

#[requests(session = crate::support::SESSION, max_body = 1KiB)]
mod functions {
    use backstop::Error;

    use crate::support::User;

    #[request(get = "{base}/users/{id}")]
    pub(super) async fn user(base: &str, id: u8) -> Result<User, Error>;

    pub(super) mod inner {

        pub(crate) struct Text(pub(crate) String);

        impl Text {
            #[backstop::request(get = "{base}/{self.0}", max_body = 1B)]
            pub(crate) async fn get(&self, base: &str) -> Result<String, backstop::Error>;
        }
    }
}

#[tokio::test]
async fn functions_of_a_module_share_their_keys() {
    assert_eq!(functions::user(&base(), 7).await.expect("Ada").id, 7);
    let text = functions::inner::Text("xy".to_owned());
    let error = text.get(&base()).await.expect_err("more than one byte");
    assert!(error.is_body(), "{error}");
}

#[requests(base = "{base}", session = self.session(), on_error(_ => self.hear()))]
trait Users {
    fn session(&self) -> &Session {
        &SESSION
    }

    fn hear(&self) {}

    #[request(get = "/users/{id}", on_error(Status(404) => recover(None)))]
    async fn user(&self, base: &str, id: u8) -> Result<Option<User>, Error>;

    /// With a body that awaits and returns early.
    #[request(get = "/{word}")]
    async fn word(
        &self,
        base: &str,
        word: &str,
        #[response] text: String,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        if text == "/7" {
            return Ok(self.user(base, 7).await?.ok_or("nobody")?.name);
        }
        Err("another word".into())
    }

    async fn plain(&self) -> u8;
}

struct Client;

impl Users for Client {
    async fn plain(&self) -> u8 {
        1
    }
}

struct Mock;

impl Users for Mock {
    async fn user(&self, _: &str, id: u8) -> Result<Option<User>, Error> {
        std::future::ready(()).await;
        Ok((id != 9).then(|| User { id: id.into(), name: "mock".to_owned() }))
    }

    async fn plain(&self) -> u8 {
        2
    }
}

async fn name_of(users: &impl Users, id: u8) -> Result<Option<String>, Error> {
    Ok(users.user(&base(), id).await?.map(|user| user.name))
}

/// Its future is `Send` for every client.
async fn spawned<U: Users + Send + 'static>(users: Arc<U>, id: u8) -> Option<User> {
    let call = async move { users.user(&base(), id).await };
    tokio::spawn(call).await.expect("no panic").expect("an answer")
}

#[tokio::test]
async fn a_trait_is_a_client_and_a_mock() {
    assert_eq!(name_of(&Client, 7).await.expect("Ada").as_deref(), Some("Ada"));
    assert_eq!(name_of(&Mock, 7).await.expect("mock").as_deref(), Some("mock"));
    assert_eq!(name_of(&Mock, 9).await.expect("nobody"), None);
    assert_eq!(spawned(Arc::new(Client), 7).await.map(|user| user.name).as_deref(), Some("Ada"));
    assert_eq!(Client.word(&base(), "7").await.expect("Ada"), "Ada");
    assert_eq!(Mock.word(&base(), "7").await.expect("mock"), "mock");
    assert_eq!(Client.word(&base(), "8").await.expect_err("8").to_string(), "another word");
    assert_eq!(Client.plain().await + Mock.plain().await, 3);
}

/// A client that is not `Sync`, so its futures are not `Send`.
#[requests(?Send, session = SESSION)]
trait Local {
    fn count(&self);

    #[request(get = "{base}/users/7", on_error(_ => self.count()))]
    async fn user(&self, base: &str) -> Result<User, Error>;
}

impl Local for std::cell::Cell<u8> {
    fn count(&self) {
        self.set(self.get() + 1);
    }
}

#[tokio::test]
async fn a_trait_may_have_futures_that_are_not_send() {
    let users = std::cell::Cell::new(0);
    assert_eq!(users.user(&base()).await.expect("Ada").id, 7);
    assert!(users.user(super::AWAY).await.is_err());
    assert_eq!(users.get(), 1);
}

/// `async_trait` below the group; `hygiene.rs` has it above.
#[requests(session = SESSION, base = "{base}")]
#[async_trait::async_trait]
trait Below: Sync {
    #[request(get = "/users/{id}")]
    async fn user(&self, base: &str, id: u8) -> Result<User, Error>;
}

impl Below for Client {}

#[tokio::test]
async fn an_async_trait_may_be_a_group() {
    let below: Box<dyn Below> = Box::new(Client);
    assert_eq!(below.user(&base(), 7).await.expect("Ada").id, 7);
}

/// Functions in an `impl` of a trait.
struct Remote;

#[requests(session = SESSION)]
impl Users for Remote {
    async fn plain(&self) -> u8 {
        3
    }

    #[request(get = "{base}/users/7", query = [("id", id)])]
    async fn user(&self, base: &str, id: u8) -> Result<Option<User>, Error>;
}

#[tokio::test]
async fn an_impl_of_a_trait_may_be_a_group() {
    let user = Remote.user(&base(), 1).await.expect("Ada");
    assert_eq!(user.map(|user| user.id), Some(7));
    assert!(SERVER.asked().iter().any(|asked| asked.target == "/users/7?id=1"));
}
