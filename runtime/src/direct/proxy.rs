//! Selects the proxy for a server. hyper-util reads the environment and the system's settings; the
//! variables are those that curl reads.

use std::sync::{Arc, LazyLock};

use http::{HeaderValue, Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

/// The proxies of a connection.
#[derive(Debug, Clone)]
pub(crate) enum Proxies {
    None,
    Some(Arc<Matcher>),
}

impl Proxies {
    /// The proxies of the environment and the system, read once for the process.
    pub(crate) fn from_system() -> Self {
        static SYSTEM: LazyLock<Arc<Matcher>> = LazyLock::new(|| Arc::new(Matcher::from_system()));
        Self::Some(Arc::clone(&SYSTEM))
    }

    /// One proxy for every server.
    pub(crate) fn all(url: &str) -> Self {
        Self::Some(Arc::new(Matcher::builder().all(url).build()))
    }

    /// One proxy for the servers of a scheme.
    pub(crate) fn for_scheme(scheme: &str, url: &str) -> Self {
        let matcher = Matcher::builder();
        Self::Some(Arc::new(match scheme {
            "https" => matcher.https(url).build(),
            _ => matcher.http(url).build(),
        }))
    }

    /// The host and port of the proxy for a URL.
    pub(crate) fn name_for(&self, url: &Url) -> Option<String> {
        let Self::Some(matcher) = self else { return None };
        let server = Uri::try_from(url.as_str()).ok()?;
        matcher.intercept(&server).map(|proxy| shown(proxy.uri()))
    }

    pub(super) fn intercept(&self, server: &Uri) -> Option<Intercept> {
        match self {
            Self::None => None,
            Self::Some(matcher) => matcher.intercept(server),
        }
    }

    /// The `Proxy-Authorization` of a request to an `http` URL, which has no tunnel.
    pub(super) fn credentials_for_plain(&self, server: &Uri) -> Option<HeaderValue> {
        if matches!(self, Self::None) || server.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        self.intercept(server)?.basic_auth().cloned()
    }
}

/// The host and port of a proxy for messages, without credentials.
pub(super) fn shown(proxy: &Uri) -> String {
    let host = proxy.host().unwrap_or_default();
    match proxy.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}
