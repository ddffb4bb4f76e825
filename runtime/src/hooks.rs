//! What a session has around its calls: a source of credentials, hooks, observers and cookies, and the
//! names of its secret headers.

use std::sync::Arc;

use http::HeaderName;

use crate::{credentials::Source, observe::Observers, prepare::Prepare};

/// All of it. The exchange looks here at each stage; by default, there is nothing.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) source: Option<Arc<dyn Source>>,
    /// In the order that they are called in.
    pub(crate) prepare: Vec<Arc<Prepare>>,
    pub(crate) observers: Observers,
    /// Headers that carry credentials, beside those whose name says so.
    pub(crate) sensitive: Vec<HeaderName>,
    #[cfg(feature = "cookies")]
    pub(crate) cookies: Option<Arc<dyn reqwest::cookie::CookieStore>>,
}
