//! The TLS configuration, built once for the process.
//!
//! Loading the platform's certificates takes milliseconds, so that a client per call
//! would cost more than the call. With one configuration shared between clients, a
//! client costs microseconds.

use reqwest::ClientBuilder;

#[cfg(feature = "rustls")]
pub(crate) use self::shared::{to_proxies, to_servers};

/// Gives a client the shared configuration. Without the feature `rustls`, or if the
/// configuration cannot be built, reqwest makes its own, and reports what is wrong.
#[cfg(feature = "rustls")]
pub(crate) fn share(client: ClientBuilder) -> ClientBuilder {
    match to_servers() {
        Ok(config) => client.tls_backend_preconfigured((*config).clone()),
        Err(_) => client,
    }
}

#[cfg(not(feature = "rustls"))]
pub(crate) fn share(client: ClientBuilder) -> ClientBuilder {
    client
}

#[cfg(feature = "rustls")]
mod shared {
    use std::sync::{Arc, LazyLock};

    use rustls::{
        ClientConfig,
        crypto::{CryptoProvider, aws_lc_rs},
    };
    use rustls_platform_verifier::BuilderVerifierExt as _;

    type Shared = LazyLock<Result<Arc<ClientConfig>, rustls::Error>>;

    /// For servers, with which the version of HTTP is agreed on in the handshake.
    pub(crate) fn to_servers() -> Result<Arc<ClientConfig>, rustls::Error> {
        static SHARED: Shared = LazyLock::new(|| {
            let mut config = make()?;
            config.alpn_protocols = vec![
                #[cfg(feature = "http2")]
                b"h2".to_vec(),
                b"http/1.1".to_vec(),
            ];
            Ok(Arc::new(config))
        });
        SHARED.clone()
    }

    /// For proxies, which are spoken to in HTTP/1.
    pub(crate) fn to_proxies() -> Result<Arc<ClientConfig>, rustls::Error> {
        static SHARED: Shared = LazyLock::new(|| Ok(Arc::new(make()?)));
        SHARED.clone()
    }

    fn make() -> Result<ClientConfig, rustls::Error> {
        // What the application installed comes first, as in reqwest.
        let provider = match CryptoProvider::get_default() {
            Some(installed) => Arc::clone(installed),
            None => Arc::new(aws_lc_rs::default_provider()),
        };
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth())
    }
}
