//! The proxies of a session: the system's, or its own.

use std::{fmt, sync::LazyLock};

use http::Uri;
use url::Url;

use crate::{
    direct,
    error::{BuildError, Error},
    host::is_host_and_port,
};

/// A proxy: a URL, for all requests, or a `reqwest::Proxy`, which selects the requests.
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
    Reqwest(Box<reqwest::Proxy>),
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
        Self(Given::Reqwest(Box::new(proxy)))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold credentials.
        f.write_str("Proxy")
    }
}

/// The proxies of a session.
pub(crate) struct Proxies {
    system: bool,
    own: Vec<Given>,
}

impl Proxies {
    pub(crate) const SYSTEM: Self = Self { system: true, own: Vec::new() };
    pub(crate) const NONE: Self = Self { system: false, own: Vec::new() };

    /// Adds a proxy. The system's are then not used.
    pub(crate) fn add(&mut self, proxy: Proxy) -> Result<(), Error> {
        self.system = false;
        let is_supported = match &proxy.0 {
            Given::Url(url) => match url.parse::<Uri>() {
                Ok(uri) if has_host(&uri) => is_supported(uri.scheme_str().unwrap_or("http")),
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

    /// The proxies for the direct sender; `None` if only reqwest knows which requests they are for.
    pub(crate) fn direct(&self) -> Option<direct::Proxies> {
        match self.own.first() {
            None if self.are_system() => Some(direct::Proxies::from_system()),
            None => Some(direct::Proxies::None),
            // It applies to every URL, so later proxies are never used.
            Some(Given::Url(url)) => Some(direct::Proxies::all(url)),
            Some(Given::Reqwest(_)) => None,
        }
    }

    /// The proxies of reqwest's client, as far as they can be known.
    pub(crate) fn known(&self) -> direct::Proxies {
        match self.own.first() {
            Some(Given::Reqwest(proxy)) => known(proxy),
            _ => self.direct().unwrap_or(direct::Proxies::None),
        }
    }

    /// Sets the proxies of reqwest's client.
    pub(crate) fn give(
        &self,
        mut client: reqwest::ClientBuilder,
    ) -> reqwest::Result<reqwest::ClientBuilder> {
        if !self.are_system() {
            client = client.no_proxy();
        }
        for proxy in &self.own {
            client = client.proxy(match proxy {
                Given::Url(url) => reqwest::Proxy::all(url)?,
                Given::Reqwest(proxy) => (**proxy).clone(),
            });
        }
        Ok(client)
    }

    pub(crate) fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// Whether the proxies of the system are used.
    pub(crate) fn are_system(&self) -> bool {
        self.system && may_have_proxies()
    }
}

/// Refuses a URL for which the environment names a proxy with an unsupported scheme, because the request
/// would otherwise be sent without the proxy.
#[cfg(not(feature = "socks"))]
pub(crate) fn check_system(url: &Url) -> Result<(), Error> {
    use hyper_util::client::proxy::matcher::Matcher;

    /// The proxies of the environment, if one of them is a SOCKS proxy.
    static WITH_SOCKS: LazyLock<Option<Matcher>> = LazyLock::new(|| {
        let is_any = ["http", "https"].iter().any(|scheme| socks_variable(scheme).is_some());
        is_any.then(Matcher::from_system)
    });
    let Some(matcher) = &*WITH_SOCKS else { return Ok(()) };
    let proxy = Uri::try_from(url.as_str()).ok().and_then(|url| matcher.intercept(&url));
    match proxy.and_then(|proxy| proxy.uri().scheme_str().map(is_supported)) {
        Some(false) => Err(Error::build(
            BuildError::Session,
            format!(
                "`{}` names a SOCKS proxy, which needs the feature `socks`",
                socks_variable(url.scheme()).unwrap_or("ALL_PROXY")
            ),
        )),
        Some(true) | None => Ok(()),
    }
}

#[cfg(feature = "socks")]
pub(crate) fn check_system(_: &Url) -> Result<(), Error> {
    Ok(())
}

/// The environment variable that names a SOCKS proxy for URLs of this scheme.
#[cfg(not(feature = "socks"))]
fn socks_variable(scheme: &str) -> Option<&'static str> {
    let own = match scheme {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    own.into_iter().chain(["ALL_PROXY", "all_proxy"]).find(|name| {
        let value = std::env::var(name).unwrap_or_default().to_ascii_lowercase();
        value.trim_start().starts_with("socks")
    })
}

fn unsupported() -> Error {
    Error::build(
        BuildError::Session,
        "unsupported proxy scheme: `http`, `https`, and with the feature `socks` also `socks4`, \
         `socks4a`, `socks5` and `socks5h`",
    )
}

fn is_supported(scheme: &str) -> bool {
    let is_socks = matches!(scheme, "socks4" | "socks4a" | "socks5" | "socks5h");
    matches!(scheme, "http" | "https") || cfg!(feature = "socks") && is_socks
}

/// The scheme of a `reqwest::Proxy`, which only `Debug` shows. reqwest ignores a proxy with an unsupported
/// scheme, and connects without it. None for a proxy that a function selects.
fn scheme(proxy: &reqwest::Proxy) -> Option<String> {
    field(&format!("{proxy:?}"), "scheme: \"", "\"").map(str::to_owned)
}

/// The URLs that a `reqwest::Proxy` without exceptions applies to, and its address. Used only in messages.
fn known(proxy: &reqwest::Proxy) -> direct::Proxies {
    let shown = format!("{proxy:?}");
    let url = || {
        let scheme = field(&shown, "scheme: \"", "\"")?;
        let host =
            ["Domain(\"", "Ipv4(", "Ipv6("].iter().find_map(|kind| field(&shown, kind, ")"))?;
        let host = host.trim_end_matches('"');
        let port =
            field(&shown, "port: Some(", ")").map_or(String::new(), |port| format!(":{port}"));
        Some(format!("{scheme}://{host}{port}"))
    };
    let takes = shown.strip_prefix("Proxy(").filter(|_| shown.ends_with(", None)"));
    match (takes.and_then(|takes| takes.split_once('(')), url()) {
        (Some(("All", _)), Some(url)) => direct::Proxies::all(&url),
        (Some(("Http", _)), Some(url)) => direct::Proxies::for_scheme("http", &url),
        (Some(("Https", _)), Some(url)) => direct::Proxies::for_scheme("https", &url),
        _ => direct::Proxies::None,
    }
}

fn field<'a>(shown: &'a str, start: &str, end: &str) -> Option<&'a str> {
    shown.split_once(start)?.1.split_once(end).map(|(field, _)| field)
}

/// Whether the system may have a proxy. Where only the environment can set one, it is read once: without a
/// proxy, requests are not matched at all.
fn may_have_proxies() -> bool {
    static ENVIRONMENT: LazyLock<bool> = LazyLock::new(|| {
        std::env::vars_os()
            .any(|(name, _)| name.to_string_lossy().to_ascii_lowercase().ends_with("_proxy"))
    });
    cfg!(feature = "system-proxy") && (cfg!(any(target_vendor = "apple", windows)) || *ENVIRONMENT)
}

/// Whether the URL has a host, and a valid port if it has one.
fn has_host(proxy: &Uri) -> bool {
    let authority = proxy.authority().map_or("", |authority| authority.as_str());
    let (_, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    is_host_and_port(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_url_has_a_host_and_a_valid_port() {
        for (url, expected) in [
            ("http://proxy.test:3128", true),
            ("http://proxy.test", true),
            ("http://user:secret@proxy.test:3128", true),
            ("http://[::1]:3128", true),
            ("proxy.test:3128", true),
            ("http://proxy.test:99999", false),
            ("http://user:secret@proxy.test:port", false),
            ("http://", false),
            ("", false),
        ] {
            let mut proxies = Proxies::NONE;
            assert_eq!(proxies.add(Proxy::from(url)).is_ok(), expected, "{url}");
        }
    }

    #[test]
    fn a_reqwest_proxy_is_recognized_by_its_debug_output() {
        let name = |proxy: reqwest::Result<reqwest::Proxy>, url: &str| {
            known(&proxy.expect("a proxy")).name_for(&url.parse().expect("a URL"))
        };
        let (http, https) = ("http://a.test/", "https://a.test/");
        let proxy = "http://user:secret@proxy.test:3128";
        assert_eq!(name(reqwest::Proxy::all(proxy), http).as_deref(), Some("proxy.test:3128"));
        assert_eq!(name(reqwest::Proxy::http(proxy), http).as_deref(), Some("proxy.test:3128"));
        assert_eq!(name(reqwest::Proxy::http(proxy), https), None);
        assert_eq!(
            name(reqwest::Proxy::https("http://127.0.0.1:8080"), https).as_deref(),
            Some("127.0.0.1:8080")
        );
        let none = reqwest::NoProxy::from_string("a.test");
        assert_eq!(name(reqwest::Proxy::all(proxy).map(|all| all.no_proxy(none)), http), None);
        let custom = reqwest::Proxy::custom(|_| Some("http://proxy.test"));
        assert_eq!(name(Ok(custom), http), None);
    }
}
