//! Builds a session from its settings: chooses its transport, and how the client of a runtime is built.
//! Settings that contradict each other are refused.

use std::sync::Arc;

use super::{CONNECT_TIMEOUT, Given, POOL_IDLE_TIMEOUT, SessionBuilder};
use crate::{
    direct::{self, Direct, MaxConnections},
    error::{BuildError, Error},
    retry::budget::Budget,
    session::{Inner, Session},
    tls,
    transport::{Client, Clients, Recipe, RuntimeClient, ServiceTransport, Transport},
};

impl SessionBuilder {
    /// Builds the session.
    ///
    /// # Errors
    ///
    /// [`Build`](crate::ErrorKind::Build) if the base URL, a header or a certificate is not valid, or if
    /// settings contradict each other. A mistake that only reqwest can find, for example in
    /// [`configure`](SessionBuilder::configure), is reported at the first use on a runtime, as
    /// [`BuildError::Session`](crate::BuildError::Session).
    pub fn build(mut self) -> Result<Session, Error> {
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake);
        }
        if let Some(given) = &self.given
            && let Some(setting) = self.connection_setting(given)
        {
            let what = match given {
                Given::Client(_) => "client",
                Given::Service(_) => "service",
                #[cfg(feature = "testing")]
                Given::StandIn(_) => "script",
            };
            return Err(Error::build(
                BuildError::Session,
                format!(
                    "`{setting}` applies to the session's own connections, not to a given {what}"
                ),
            ));
        }
        self.check_limits()?;
        #[cfg(feature = "rustls")]
        {
            self.tls = self.certificates.tls()?;
        }
        Ok(self.assume_valid())
    }

    /// Builds the session from settings that cannot be invalid.
    pub(crate) fn assume_valid(mut self) -> Session {
        let (defaults, given) = (self.defaults.clone(), self.given.take());
        let budget = Budget::new(self.retry_budget);
        let transport = match given {
            Some(Given::Client(client)) => {
                let client = Client::Reqwest(client);
                Transport::Client(Arc::new(RuntimeClient {
                    client,
                    budget,
                    proxies: direct::Proxies::None,
                    runtime: None,
                    system_proxies: false,
                }))
            }
            Some(Given::Service(stack)) => {
                Transport::Service(Arc::new(ServiceTransport { stack, budget }))
            }
            #[cfg(feature = "testing")]
            Some(Given::StandIn(make)) => {
                let layers = std::mem::take(&mut self.layers);
                let over = |layers| {
                    let recipe = Box::new(|| Ok(Client::Missing));
                    let proxies = direct::Proxies::None;
                    Clients::new("StandIn", recipe, self.retry_budget, proxies, false, layers)
                };
                let layers = (!layers.is_empty()).then(|| over(layers));
                Transport::StandIn { make, budget: Arc::new(budget), layers }
            }
            None => {
                let (retry_budget, system) = (self.retry_budget, self.proxies.are_system());
                let (proxies, layers) = (self.proxies.known(), std::mem::take(&mut self.layers));
                let (name, recipe) = self.recipe();
                let clients = Clients::new(name, recipe, retry_budget, proxies, system, layers);
                Transport::Clients(clients)
            }
        };
        Session(Arc::new(Inner { defaults, transport }))
    }

    /// A setting of connections, which belong to the given client or service.
    fn connection_setting(&self, given: &Given) -> Option<&'static str> {
        #[cfg(feature = "cookies")]
        if self.defaults.hooks.cookies.is_some() && !self.is_scripted() {
            return Some("cookie_store` or `cookie_jar");
        }
        #[cfg(feature = "rustls")]
        if !self.certificates.is_empty() {
            return Some("root_certificate` or `identity");
        }
        if self.proxies.has_own() {
            return Some("proxy");
        }
        if !self.resolved.is_empty() {
            return Some("resolve");
        }
        if !self.max_connections.is_none() {
            return Some("max_connections` or `max_connections_per_origin");
        }
        if !self.layers.is_empty() && !self.is_scripted() {
            return Some("layer");
        }
        if !self.configure.is_empty() {
            return Some("configure");
        }
        match given {
            Given::Client(_) | Given::Service(_) => self.changed_connecting(),
            // A script has no connections, but its session may be built from the program's own settings.
            #[cfg(feature = "testing")]
            Given::StandIn(_) => None,
        }
    }

    /// A setting of connections that is not the default.
    fn changed_connecting(&self) -> Option<&'static str> {
        if self.http2 {
            return Some("http2_prior_knowledge");
        }
        if self.connect_timeout != Some(CONNECT_TIMEOUT) {
            return Some("connect_timeout");
        }
        (self.pool_idle_timeout != Some(POOL_IDLE_TIMEOUT)).then_some("pool_idle_timeout")
    }

    /// Refuses limits of connections that would block every call, or that reqwest's client would ignore.
    fn check_limits(&self) -> Result<(), Error> {
        let MaxConnections { per_origin, total } = self.max_connections;
        let refuse = |detail| Err(Error::build(BuildError::Session, detail));
        if per_origin == Some(0) || total == Some(0) {
            return refuse("a session needs at least one connection");
        }
        let is_direct = self.proxies.direct().is_some() && !self.takes_reqwest();
        match self.max_connections.is_none() || is_direct {
            true => Ok(()),
            false => refuse(
                "`max_connections` is not for reqwest's client, which other settings ask for: bound the \
                 calls in flight by a layer",
            ),
        }
    }

    /// Whether a script replaces the client, beneath the layers.
    fn is_scripted(&self) -> bool {
        #[cfg(feature = "testing")]
        if matches!(self.given, Some(Given::StandIn(_))) {
            return true;
        }
        false
    }

    /// How the client of a runtime is built, and its name: the direct sender, unless a setting needs
    /// reqwest's client.
    fn recipe(self) -> (&'static str, Box<Recipe>) {
        let direct = self.proxies.direct().filter(|_| !self.takes_reqwest());
        let Self {
            connect_timeout,
            pool_idle_timeout,
            http2,
            resolved,
            max_connections,
            proxies,
            configure,
            tls,
            ..
        } = self;
        let is_configured = !configure.is_empty();
        if let Some(proxies) = direct {
            let recipe = direct::Recipe {
                connect_timeout,
                pool_idle_timeout,
                http2,
                resolved,
                proxies,
                tls,
                max_connections,
            };
            let make = move || Ok(Client::Direct(Box::new(Direct::new(&recipe))));
            return ("Direct", Box::new(make));
        }
        #[cfg(feature = "rustls")]
        let certificates = self.certificates;
        let set = move || -> reqwest::Result<reqwest::ClientBuilder> {
            let mut client = reqwest::Client::builder()
                .pool_idle_timeout(pool_idle_timeout)
                // A folded line is read as one line with spaces (RFC 9112 §5.2).
                .http1_allow_obsolete_multiline_headers_in_responses(true);
            client = proxies.give(client)?;
            for (host, addresses) in resolved.iter() {
                client = client.resolve_to_addrs(host, addresses);
            }
            if let Some(timeout) = connect_timeout {
                client = client.connect_timeout(timeout);
            }
            #[cfg(feature = "http2")]
            if http2 {
                client = client.http2_prior_knowledge();
            }
            #[cfg(feature = "rustls")]
            {
                // Features that other crates enable may have changed reqwest's default backend.
                client = certificates.give(client.tls_backend_rustls())?;
            }
            for configure in &configure {
                client = configure(client);
            }
            // The exchange follows redirects, retries and decompresses itself. A client that may retry copies
            // each request. Other crates may have enabled reqwest's decoders.
            Ok(client
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never().max_retries_per_request(0))
                .no_gzip()
                .no_brotli()
                .no_deflate()
                .no_zstd())
        };
        let make = move || {
            let built = match is_configured {
                false => tls::share(set()?, &tls).build(),
                // `configure` may set TLS options, which a shared configuration would override. Without a
                // certificate store, only the shared configuration can be built.
                true => set()?.build().or_else(|error| match tls::has_store() {
                    true => Err(error),
                    false => tls::share(set()?, &tls).build(),
                }),
            };
            built.map(Client::Reqwest)
        };
        ("Reqwest", Box::new(make))
    }

    /// Whether a setting needs reqwest's client. The direct sender has TLS only by rustls, and resolves names only
    /// by the platform.
    fn takes_reqwest(&self) -> bool {
        self.reqwest
            || !self.configure.is_empty()
            || cfg!(feature = "hickory-dns")
            || cfg!(all(feature = "native-tls", not(feature = "rustls")))
    }
}
