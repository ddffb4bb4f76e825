//! The TLS configuration, built once for the process.
//!
//! Loading the platform's certificates takes milliseconds, so that a client per call
//! would cost more than the call. With one configuration shared between clients, a
//! client costs microseconds. A session with certificates of its own has a configuration
//! of its own, built with the session.

use reqwest::ClientBuilder;

#[cfg(feature = "rustls")]
pub(crate) use self::by_rustls::{Certificates, Tls, has_store};

/// Sets the configuration of a client. Without the feature `rustls`, or if the shared configuration cannot be
/// built, reqwest makes its own and reports the error.
#[cfg(feature = "rustls")]
pub(crate) fn share(client: ClientBuilder, tls: &Tls) -> ClientBuilder {
    match tls.to_servers() {
        Ok(config) => client.tls_backend_preconfigured((*config).clone()),
        Err(_) => client,
    }
}

#[cfg(not(feature = "rustls"))]
pub(crate) fn share(client: ClientBuilder, _: &Tls) -> ClientBuilder {
    client
}

/// Whether the platform has a readable certificate store.
#[cfg(not(feature = "rustls"))]
pub(crate) fn has_store() -> bool {
    true
}

/// Without rustls there is nothing to configure.
#[cfg(not(feature = "rustls"))]
#[derive(Debug, Clone, Default)]
pub(crate) struct Tls(());

#[cfg(feature = "rustls")]
mod by_rustls {
    use std::sync::{Arc, LazyLock};

    use reqwest::ClientBuilder;
    use rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, aws_lc_rs},
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    };
    use rustls_platform_verifier::Verifier;

    use crate::error::{BuildError, Error};

    /// Whether the platform has a readable certificate store.
    pub(crate) fn has_store() -> bool {
        Verifier::new(provider()).is_ok()
    }

    /// The crypto provider that the application installed, or else the default, as in reqwest.
    fn provider() -> Arc<CryptoProvider> {
        match CryptoProvider::get_default() {
            Some(installed) => Arc::clone(installed),
            None => Arc::new(aws_lc_rs::default_provider()),
        }
    }

    /// The TLS configuration of a session: the one that the process shares, or its own.
    #[derive(Debug, Clone, Default)]
    pub(crate) enum Tls {
        #[default]
        Shared,
        Own(Pair),
    }

    /// A configuration for servers, which negotiates the version of HTTP (ALPN), and one for proxies, which
    /// use HTTP/1.
    #[derive(Debug, Clone)]
    pub(crate) struct Pair {
        servers: Arc<ClientConfig>,
        proxies: Arc<ClientConfig>,
    }

    /// The certificates that a session was given.
    #[derive(Default)]
    pub(crate) struct Certificates {
        roots: Vec<CertificateDer<'static>>,
        identity: Option<Identity>,
    }

    struct Identity {
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        /// The PEM text of both, which reqwest parses itself.
        pem: Vec<u8>,
    }

    impl Tls {
        pub(crate) fn to_servers(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
            Ok(Arc::clone(&self.pair()?.servers))
        }

        pub(crate) fn to_proxies(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
            Ok(Arc::clone(&self.pair()?.proxies))
        }

        fn pair(&self) -> Result<&Pair, rustls::Error> {
            static SHARED: LazyLock<Result<Pair, rustls::Error>> =
                LazyLock::new(|| Pair::new(&Certificates::default()));
            match self {
                Self::Own(pair) => Ok(pair),
                Self::Shared => SHARED.as_ref().map_err(Clone::clone),
            }
        }
    }

    impl Certificates {
        pub(crate) fn is_empty(&self) -> bool {
            self.roots.is_empty() && self.identity.is_none()
        }

        /// Trusts the certificates of a PEM text, in addition to those of the platform.
        pub(crate) fn add_roots(&mut self, pem: &[u8]) -> Result<(), Error> {
            let before = self.roots.len();
            for root in CertificateDer::pem_slice_iter(pem) {
                self.roots.push(root.map_err(|error| unreadable("a root certificate", error))?);
            }
            match self.roots.len() > before {
                true => Ok(()),
                false => Err(Error::build(
                    BuildError::Session,
                    "there is no certificate in the PEM of the root certificate",
                )),
            }
        }

        /// Sets the chain and key of a PEM text as the client's certificate.
        pub(crate) fn set_identity(&mut self, pem: &[u8]) -> Result<(), Error> {
            let mut chain = Vec::new();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                chain.push(certificate.map_err(|error| unreadable("the identity", error))?);
            }
            let key = PrivateKeyDer::from_pem_slice(pem)
                .map_err(|error| unreadable("the identity's private key", error))?;
            self.identity = Some(Identity { chain, key, pem: pem.to_vec() });
            Ok(())
        }

        /// A configuration with these certificates, or the shared one if there are none.
        pub(crate) fn tls(&self) -> Result<Tls, Error> {
            if self.is_empty() {
                return Ok(Tls::Shared);
            }
            Pair::new(self).map(Tls::Own).map_err(|error| {
                Error::build(BuildError::Session, "its certificates cannot be used")
                    .with_source(error)
            })
        }
    }

    impl Certificates {
        /// Adds the certificates to a client that makes its own configuration.
        pub(crate) fn give(&self, mut client: ClientBuilder) -> reqwest::Result<ClientBuilder> {
            for root in &self.roots {
                client = client.tls_certs_merge([reqwest::Certificate::from_der(root)?]);
            }
            match &self.identity {
                Some(identity) => Ok(client.identity(reqwest::Identity::from_pem(&identity.pem)?)),
                None => Ok(client),
            }
        }
    }

    /// Trusts no certificate, as the platform has no certificate store. A session for plain `http` must not fail
    /// because of that.
    #[derive(Debug)]
    struct NoStore(rustls::Error);

    impl ServerCertVerifier for NoStore {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            let why = Arc::new(self.0.clone());
            Err(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Err(self.0.clone())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Err(self.0.clone())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }

    /// Without the error of the parser: the PEM may hold a private key.
    fn unreadable(what: &str, _: rustls::pki_types::pem::Error) -> Error {
        Error::build(BuildError::Session, format!("the PEM of {what} cannot be read"))
    }

    impl Pair {
        fn new(certificates: &Certificates) -> Result<Self, rustls::Error> {
            let Certificates { roots, identity } = certificates;
            let provider = provider();
            let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()?;
            let verifier: Arc<dyn ServerCertVerifier> = match roots.is_empty() {
                true => match Verifier::new(provider) {
                    Ok(verifier) => Arc::new(verifier),
                    Err(error) => Arc::new(NoStore(error)),
                },
                false => Arc::new(Verifier::new_with_extra_roots(roots.iter().cloned(), provider)?),
            };
            let config = config.dangerous().with_custom_certificate_verifier(verifier);
            let proxies = match identity {
                Some(Identity { chain, key, .. }) => {
                    config.with_client_auth_cert(chain.clone(), key.clone_key())?
                }
                None => config.with_no_client_auth(),
            };
            let mut servers = proxies.clone();
            servers.alpn_protocols = vec![
                #[cfg(feature = "http2")]
                b"h2".to_vec(),
                b"http/1.1".to_vec(),
            ];
            Ok(Self { servers: Arc::new(servers), proxies: Arc::new(proxies) })
        }
    }
}
