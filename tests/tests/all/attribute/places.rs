//! The items on which the attribute can be used; everything around it is preserved.

#![deny(warnings, missing_docs, unused, clippy::all, clippy::pedantic)]

use backstop::{Error, Json, request};
use serde::{Deserialize, Serialize};

use super::base;
use crate::support::{SESSION, User};

/// An API whose functions are methods.
pub(super) struct Api<'a, S> {
    base: String,
    state: &'a S,
}

impl<'a, S: Serialize + Sync> Api<'a, S> {
    /// With `&self`.
    #[request(get = "{self.base}/users/{id}", session = SESSION)]
    pub(super) async fn get(&self, id: u8) -> Result<User, Error>;

    /// With `&mut self`, and borrowed data in the outcome.
    #[request(
        post = "{self.base}/users/7",
        session = SESSION,
        json = self.state,
        on_error = log,
        cleanup = self.base.clear(),
    )]
    pub(super) async fn post(
        &mut self,
        #[response] Json(user): Json<User>,
    ) -> Result<(&'a S, u64), Error> {
        self.base.push('/');
        Ok((self.state, user.id))
    }

    /// With `self`.
    #[request(get = "{self.base}/x", session = SESSION, finally = |_| ())]
    pub(super) async fn into_text(self) -> Result<String, Error>;

    /// Without a receiver.
    #[expect(dead_code, reason = "that it compiles is the test")]
    #[request(get = "{base}/users/{id}", session = SESSION)]
    pub(super) async fn associated<I>(
        base: &str,
        id: I,
        #[response] Json(user): Json<User>,
    ) -> Result<Self, Error>
    where
        I: std::fmt::Display,
        S: Default + 'static,
        &'a S: Default,
    {
        let base = format!("{base}/{}", user.id);
        Ok(Self { base, state: <&'a S>::default() })
    }
}

#[tokio::test]
async fn methods_and_associated_functions_can_be_annotated() {
    let state = 5;
    let mut api = Api { base: base(), state: &state };
    assert_eq!(api.get(7).await.expect("Ada").id, 7);
    assert_eq!(api.post().await.expect("7"), (&5, 7));
    assert!(api.base.ends_with('/'));
    assert_eq!(api.into_text().await.expect("text"), "/x");
}

trait Users {
    /// A function without a body is a provided method of the trait.
    #[request(get = "{base}/users/7", session = SESSION)]
    async fn provided(&self, base: &str) -> Result<User, Error>;

    async fn required(&self, base: &str) -> Result<User, Error>;
}

struct Directory;

impl Users for Directory {
    #[request(get = "{base}/users/7", session = SESSION)]
    async fn required(&self, base: &str) -> Result<User, Error>;
}

#[tokio::test]
async fn traits_and_their_impls_can_be_annotated() {
    assert_eq!(Directory.provided(&base()).await.expect("Ada").id, 7);
    assert_eq!(Directory.required(&base()).await.expect("Ada").id, 7);
}

#[request(get = "{base}/{shown}/{number}", session = SESSION)]
async fn impl_trait(
    /// Arguments may have docs, and attributes.
    base: &str,
    shown: impl std::fmt::Display + Send,
    #[cfg(any())] _never: Never,
    #[cfg(test)] number: u8,
) -> Result<String, Error>;

#[tokio::test]
async fn arguments_may_be_impl_trait_with_docs_and_attributes() {
    assert_eq!(impl_trait(&base(), "x", 1).await.expect("200"), "/x/1");
}

/// A doc comment,
#[cfg(test)]
#[doc(alias = "other")]
#[request(get = "{base}/x", session = SESSION)]
#[must_use = "the answer"]
#[allow(clippy::used_underscore_binding)]
#[tracing::instrument(skip(base))]
pub(crate) async fn with_attributes(base: &str, _id: u8) -> Result<String, Error>;

#[cfg(any())]
#[request(get = "{base}/x", session = SESSION)]
async fn never_compiled(base: &str) -> Never;

#[request(get = "{base}/x", session = SESSION)]
#[cfg(any())]
async fn never_compiled_either(base: &str) -> Never;

/// The reverse order: the span covers the request, because the function is still an `async fn`.
#[tracing::instrument(skip(base), fields(id = 1))]
#[cfg(not(any()))]
#[request(get = "{base}/x", session = SESSION, on_error = log, cleanup = never_run)]
#[inline]
#[cfg_attr(test, must_use = "the answer")]
async fn with_attributes_above(base: &str, #[response] text: String) -> Result<String, Error> {
    tracing::debug!("read");
    Ok(text)
}

#[tokio::test]
async fn other_attributes_may_be_above_and_below() {
    assert_eq!(with_attributes(&base(), 1).await.expect("200"), "/x");
    assert_eq!(with_attributes_above(&base()).await.expect("200"), "/x");
}

mod renamed {
    //! The crate under another name.

    pub(super) mod web {
        pub(crate) use backstop::*;
    }

    #[backstop::request(
        get = "{base}/users/7",
        session = crate::support::SESSION,
        crate = crate::attribute::places::renamed::web,
        on_error(Connect(Dns) | Timeout => log, _ => print),
    )]
    pub(super) async fn user(base: &str) -> Result<crate::support::User, web::Error>;
}

#[tokio::test]
async fn the_crate_may_have_another_name() {
    assert_eq!(renamed::user(&base()).await.expect("Ada").id, 7);
}

/// Generics with lifetimes, constants and defaults.
#[request(get = "{base}/users/{id}", session = SESSION)]
async fn generics<'a, 'b: 'a, T, const N: usize>(
    base: &'a str,
    id: u8,
    _rest: [&'b str; N],
    #[response] Json(value): Json<T>,
) -> Result<(T, &'a str), Error>
where
    T: for<'de> Deserialize<'de> + Clone,
{
    Ok((value.clone(), base))
}

#[tokio::test]
async fn generics_and_lifetimes_are_supported() {
    let base = base();
    let (user, same) = generics::<User, 1>(&base, 7, ["x"]).await.expect("Ada");
    assert_eq!((user.id, same), (7, base.as_str()));
}

/// A trait whose methods `#[async_trait]` boxes.
#[async_trait::async_trait]
pub(super) trait Boxed: Sync {
    /// Its future is boxed.
    async fn name(&self, id: u8) -> Result<String, Error>;

    /// With patterns for arguments, and handlers that use them.
    async fn sum(&self, name: String, parts: (u16, &str)) -> Option<String>;

    /// Returns nothing.
    async fn hear(&self, path: &str);

    /// Has a default.
    #[request(get = "{base}/users/{id}", session = SESSION)]
    async fn user(&self, base: &str, id: u8) -> Result<User, Error>;
}

/// The texts that the methods of [`Boxed`] report.
struct Heard {
    base: String,
    heard: std::sync::Mutex<Vec<String>>,
}

impl Heard {
    fn note(&self, text: impl Into<String>) {
        self.heard.lock().expect("not poisoned").push(text.into());
    }
}

#[async_trait::async_trait]
impl Boxed for Heard {
    #[request(get = "{self.base}/users/{id}", session = SESSION)]
    async fn name(&self, id: u8, #[response] Json(user): Json<User>) -> Result<String, Error> {
        let prefix: String = "Lady ".parse().expect("infallible");
        tokio::task::yield_now().await;
        Ok(prefix + &user.name)
    }

    #[request(
        get = "{self.base}/status/{status}",
        session = SESSION,
        query = [("x", letter)],
        on_error(Status(404) => recover(letter.to_owned()), _ => self.note("failed")),
        cleanup = self.note(letter),
        finally = |ending| self.note(format!("{ending:?}")),
    )]
    async fn sum(&self, mut name: String, (status, letter): (u16, &str)) -> Option<String> {
        name.push('!');
        if status == 201 {
            return None;
        }
        Some(name)
    }

    #[request(get = "{self.base}/{path}", session = SESSION, on_error = |_| self.note("lost"))]
    async fn hear(&self, path: &str, #[response] text: String) {
        self.note(text);
    }
}

#[tokio::test]
async fn async_trait_boxes_its_methods() {
    let heard = Heard { base: base(), heard: std::sync::Mutex::default() };
    let users: &dyn Boxed = &heard;
    assert_eq!(users.name(7).await.expect("Ada"), "Lady Ada");
    assert_eq!(users.user(&base(), 7).await.expect("Ada").id, 7);
    assert_eq!(users.sum("a".into(), (404, "x")).await.as_deref(), Some("x"));
    assert_eq!(users.sum("a".into(), (500, "y")).await, None);
    users.hear("x").await;
    assert_eq!(
        heard.heard.lock().expect("not poisoned")[..],
        ["x", "Done", "failed", "y", "Failed", "/x"]
    );
}

/// Code after a diverging arm is unreachable, without a warning.
#[request(get = "{base}/x", session = SESSION, on_error = panic!("an error"), cleanup = never_run)]
async fn never_fails(base: &str) -> Result<String, Error>;

fn never_run() {}

/// The same, arm by arm.
#[request(
    get = "{base}/x",
    session = SESSION,
    on_error(Connect => panic!("no connection"), _ => unreachable!()),
    finally = |_| (),
)]
async fn never_fails_either(base: &str) -> Result<String, Error>;

#[tokio::test]
async fn arms_may_diverge() {
    assert_eq!(never_fails(&base()).await.expect("200"), "/x");
    assert_eq!(never_fails_either(&base()).await.expect("200"), "/x");
}
