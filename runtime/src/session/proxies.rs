//! The proxies of a session: the system's, or its own.

use std::{fmt, sync::LazyLock};

use http::Uri;
use url::Url;

use crate::{
    direct,
    error::{BuildError, Error},
};

/// A proxy that a session sends through: a URL for all that it sends, or a [`reqwest::Proxy`], which
/// says more exactly for what.
///
/// ```
/// use backstop::{Session, reqwest};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let all = Session::builder().proxy("http://user:password@proxy.example.com:3128").build()?;
/// let some = Session::builder().proxy(reqwest::Proxy::https("http://10.0.0.7:3128")?).build()?;
/// # Ok(())
/// # }
/// ```
pub struct Proxy(Given);

enum Given {
    Url(String),
    Reqwest(reqwest::Proxy),
}

impl From<&str> for Proxy {
    fn from(url: &str) -> Self {
        Self(Given::Url(url.to_owned()))
    }
}

impl From<String> for Proxy {
    fn from(url: String) -> Self {
        Self(Given::Url(url))
    }
}

impl From<Url> for Proxy {
    fn from(url: Url) -> Self {
        Self(Given::Url(url.into()))
    }
}

impl From<reqwest::Proxy> for Proxy {
    fn from(proxy: reqwest::Proxy) -> Self {
        Self(Given::Reqwest(proxy))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold credentials.
        f.write_str("Proxy")
    }
}

/// What a session sends through.
pub(super) struct Proxies {
    system: bool,
    own: Vec<Given>,
}

impl Proxies {
    pub(super) const SYSTEM: Self = Self { system: true, own: Vec::new() };
    pub(super) const NONE: Self = Self { system: false, own: Vec::new() };

    /// Adds one. Those of the system are left alone then.
    pub(super) fn add(&mut self, proxy: Proxy) -> Result<(), Error> {
        self.system = false;
        let is_supported = match &proxy.0 {
            Given::Url(url) => match url.parse::<Uri>() {
                Ok(uri) if uri.host().is_some() => is_supported(uri.scheme_str().unwrap_or("http")),
                _ => {
                    return Err(Error::build(
                        BuildError::Session,
                        "the proxy is not a URL: write `http://host:port`",
                    ));
                }
            },
            Given::Reqwest(proxy) => scheme(proxy).is_none_or(|scheme| is_supported(&scheme)),
        };
        self.own.push(proxy.0);
        match is_supported {
            true => Ok(()),
            false => Err(unsupported()),
        }
    }

    /// The same for the direct sender; `None` if only reqwest knows what they take.
    pub(super) fn direct(&self) -> Option<direct::Proxies> {
        match self.own.first() {
            None if self.system && may_have_proxies() => Some(direct::Proxies::of_system()),
            None => Some(direct::Proxies::None),
            // It takes every URL, and so those behind it none.
            Some(Given::Url(url)) => Some(direct::Proxies::all(url)),
            Some(Given::Reqwest(_)) => None,
        }
    }

    /// The same for a client of reqwest's.
    pub(super) fn give(
        &self,
        mut client: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        if !(self.system && may_have_proxies()) {
            client = client.no_proxy();
        }
        for proxy in &self.own {
            client = client.proxy(match proxy {
                Given::Url(url) => reqwest::Proxy::all(url)?,
                Given::Reqwest(proxy) => proxy.clone(),
            });
        }
        Ok(client)
    }
}

fn unsupported() -> Error {
    Error::build(
        BuildError::Session,
        "unsupported proxy scheme: `http`, `https`, and with the feature `socks` also `socks4`, \
         `socks4a`, `socks5` and `socks5h`",
    )
}

fn is_supported(scheme: &str) -> bool {
    match scheme {
        "http" | "https" => true,
        "socks4" | "socks4a" | "socks5" | "socks5h" => cfg!(feature = "socks"),
        _ => false,
    }
}

/// The scheme of a proxy of reqwest's, which `Debug` alone shows. reqwest leaves out one that it does
/// not support, and connects past it. Of a function of the caller's, which decides for each URL, there
/// is none.
fn scheme(proxy: &reqwest::Proxy) -> Option<String> {
    let shown = format!("{proxy:?}");
    let (_, after) = shown.split_once("scheme: \"")?;
    Some(after.split_once('"')?.0.to_owned())
}

/// Whether the system can name a proxy. Where only the environment can, and did not when this was
/// first asked, no request has to be held against it.
fn may_have_proxies() -> bool {
    static ENVIRONMENT: LazyLock<bool> = LazyLock::new(|| {
        std::env::vars_os()
            .any(|(name, _)| name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy"))
    });
    cfg!(feature = "system-proxy") && (cfg!(any(target_vendor = "apple", windows)) || *ENVIRONMENT)
}
