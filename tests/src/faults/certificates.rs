//! The certificates that servers show, made once for the process.
//!
//! One authority signs what is right and what is wrong in one way each; another, which nobody
//! trusts, signs the rest.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use super::step::Handshake;

/// What a server shows for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// For 127.0.0.1 and localhost, signed by the [`authority`].
    Good,
    /// For other.invalid.
    WrongHost,
    /// No longer valid.
    Expired,
    /// Not valid before the year 2500.
    NotYetValid,
    /// Signed by itself.
    SelfSigned,
    /// Signed by an authority that no client trusts.
    Untrusted,
}

/// The certificate, in DER, of the authority that a client trusts for these tests.
pub fn authority() -> &'static [u8] {
    &AUTHORITY.certificate
}

/// The same as PEM.
pub fn authority_pem() -> String {
    let base64 = BASE64_STANDARD.encode(authority());
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("backstop tests"));
static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("nobody knows"));

/// The configuration of a server. Making a key takes a while: each is made once.
pub(super) fn server(handshake: Handshake) -> Arc<ServerConfig> {
    static MADE: LazyLock<Mutex<HashMap<Handshake, Arc<ServerConfig>>>> =
        LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = made.entry(handshake).or_insert_with(|| Arc::new(configure(handshake)));
    Arc::clone(config)
}

// Everything below works on constants, and what is wrong with them shows in every test.

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
            roots.add(AUTHORITY.certificate.clone()).expect("a certificate of an authority");
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.expect("roots"))
        }
    };
    let (certificate, key) = issue(handshake.certificate);
    builder.with_single_cert(vec![certificate], key).expect("a key that fits its certificate")
}

fn issue(which: Certificate) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let names: &[&str] = match which {
        Certificate::WrongHost => &["other.invalid"],
        _ => &["127.0.0.1", "localhost"],
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names of hosts");
    // Far enough from today that no clock matters.
    (params.not_before, params.not_after) = match which {
        Certificate::Expired => (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1)),
        Certificate::NotYetValid => (date_time_ymd(2500, 1, 1), date_time_ymd(2501, 1, 1)),
        _ => (date_time_ymd(2001, 1, 1), date_time_ymd(2500, 1, 1)),
    };
    let key = KeyPair::generate().expect("a key");
    let certificate = match which {
        Certificate::SelfSigned => params.self_signed(&key),
        Certificate::Untrusted => params.signed_by(&key, &STRANGER.issuer),
        _ => params.signed_by(&key, &AUTHORITY.issuer),
    };
    let certificate = certificate.expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS #8");
    (certificate.der().clone(), key)
}

struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }
}
