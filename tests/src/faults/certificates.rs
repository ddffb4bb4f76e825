//! How servers shake hands, with the certificates of the testing kit.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use backstop::testing::Certificate;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use super::step::Handshake;

/// The configuration of a server, made at its first use.
pub(super) fn server(handshake: Handshake) -> Arc<ServerConfig> {
    static MADE: LazyLock<Mutex<HashMap<Handshake, Arc<ServerConfig>>>> =
        LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = made.entry(handshake).or_insert_with(|| Arc::new(configure(handshake)));
    Arc::clone(config)
}

// Everything below works on what the kit makes, and what is wrong with it shows in every test.

fn configure(handshake: Handshake) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let versions = match handshake.only_tls_1_2 {
        true => &[&TLS12][..],
        false => &[&TLS13, &TLS12][..],
    };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .expect("the provider speaks these versions");
    let builder = match handshake.wants_client_certificate {
        false => builder.with_no_client_auth(),
        true => {
            let mut roots = RootCertStore::empty();
            roots.add(certificate(&Certificate::authority_pem())).expect("an authority");
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("roots"))
        }
    };
    let pem = handshake.certificate.pem();
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).expect("a key");
    builder.with_single_cert(vec![certificate(&pem)], key).expect("a key that fits its certificate")
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
}
