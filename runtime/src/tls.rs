//! The TLS configuration, built once for the process.
//!
//! Loading the platform's certificates takes milliseconds, so that a client per call
//! would cost more than the call. With one configuration shared between clients, a
//! client costs microseconds.

use reqwest::ClientBuilder;

/// Gives a client the shared configuration. Without the feature `rustls`, or if the
/// configuration cannot be built, reqwest makes its own, and reports what is wrong.
#[cfg(feature = "rustls")]
pub(crate) fn share(client: ClientBuilder) -> ClientBuilder {
    use std::sync::{Arc, LazyLock};

    use rustls::{
        ClientConfig,
        crypto::{CryptoProvider, aws_lc_rs},
    };
    use rustls_platform_verifier::BuilderVerifierExt as _;

    static SHARED: LazyLock<Result<ClientConfig, rustls::Error>> = LazyLock::new(|| {
        // What the application installed comes first, as in reqwest.
        let provider = match CryptoProvider::get_default() {
            Some(installed) => Arc::clone(installed),
            None => Arc::new(aws_lc_rs::default_provider()),
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_platform_verifier()?
            .with_no_client_auth();
        config.alpn_protocols = vec![
            #[cfg(feature = "http2")]
            b"h2".to_vec(),
            b"http/1.1".to_vec(),
        ];
        Ok(config)
    });

    match &*SHARED {
        Ok(config) => client.tls_backend_preconfigured(config.clone()),
        Err(_) => client,
    }
}

#[cfg(not(feature = "rustls"))]
pub(crate) fn share(client: ClientBuilder) -> ClientBuilder {
    client
}
