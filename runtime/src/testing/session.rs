//! Sessions whose requests a script answers.

use std::sync::Arc;

use super::{script::Script, sender::Scripted};
use crate::session::{Session, SessionBuilder};

impl Session {
    /// Creates a session that sends nothing: the script answers its requests, wherever they are awaited. For
    /// a client struct that takes a session, and for tasks that are spawned outside [`Script::run`].
    ///
    /// Its base URL is `https://scripted.test`, so relative templates work; absolute templates are
    /// unaffected. For other settings see [`SessionBuilder::script`].
    ///
    /// ```
    /// use backstop::{Error, Request, Session, testing::Script};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let script = Script::new();
    /// script.get("/users/{id}").text("Ada");
    ///
    /// let session = Session::scripted(&script);
    /// let request = Request::get("/users/{id}").path("id", &7);
    /// assert_eq!(session.fetch(request).await?.text()?, "Ada");
    /// # Ok(())
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn scripted(script: &Script) -> Self {
        Self::builder().base_url("https://scripted.test").script(script).assume_valid()
    }
}

impl SessionBuilder {
    /// Answers the requests of the session from a script instead of the network. All other settings apply,
    /// including [layers](SessionBuilder::layer), except those of connections (proxies, certificates,
    /// limits), which are refused.
    ///
    /// The session does not count as a handle of the script: the script is verified when the last [`Script`]
    /// is dropped, even if the session is still alive.
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn script(self, script: &Script) -> Self {
        let script = Arc::clone(script.shared());
        self.stand_in(Box::new(move |budget| Arc::new(Scripted::new(Arc::clone(&script), budget))))
    }
}
