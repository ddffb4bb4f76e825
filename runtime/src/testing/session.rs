//! Sessions that are made on a script.

use std::sync::Arc;

use super::{script::Script, sender::Scripted};
use crate::session::{Session, SessionBuilder};

impl Session {
    /// A session that sends nothing: the script answers its requests, and runs its calls wherever they are
    /// awaited. For a client as a struct that is given its session, and for tasks that are spawned out of
    /// reach of [`Script::run`].
    ///
    /// Its base URL is `https://scripted.test`, so that relative templates work; a template with a scheme
    /// and host is asked for as it is. For other settings see [`SessionBuilder::script`].
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
    /// Answers the requests of the session by a script, in the place of the network. Everything else that
    /// the builder sets holds, [layers](SessionBuilder::layer) included; a setting of connections (proxies,
    /// certificates, limits) is refused, as there are none.
    ///
    /// The session is no handle of the script: what the script expects is verified when the last
    /// [`Script`] is dropped, also if the session lives on.
    #[cfg_attr(docsrs, doc(cfg(feature = "testing")))]
    pub fn script(self, script: &Script) -> Self {
        let script = Arc::clone(script.shared());
        self.stand_in(Box::new(move |budget| Arc::new(Scripted::new(Arc::clone(&script), budget))))
    }
}
