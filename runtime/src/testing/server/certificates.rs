//! The certificates of test servers, issued by an authority that is created for each process.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// The certificate that a [`Server`](super::Server) presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Certificate {
    /// For localhost and 127.0.0.1, signed by the [authority](Certificate::authority_pem).
    Good,
    /// For another host.
    WrongHost,
    /// No longer valid.
    Expired,
    /// Not valid before the year 2500.
    NotYetValid,
    /// Self-signed.
    SelfSigned,
    /// Signed by an unknown authority.
    Untrusted,
}

impl Certificate {
    /// The certificate and its private key in one PEM text: for a server of your own, or as the
    /// [identity](crate::SessionBuilder::identity) of a client. It is the same at every call.
    ///
    /// ```
    /// use backstop::{Session, testing::Certificate};
    ///
    /// let session = Session::builder()
    ///     .root_certificate(Certificate::authority_pem())
    ///     .identity(Certificate::Good.pem())
    ///     .build()?;
    /// # Ok::<(), backstop::Error>(())
    /// ```
    pub fn pem(self) -> String {
        let (chain, key) = &*issued(self);
        pem("CERTIFICATE", chain) + &pem("PRIVATE KEY", key.secret_der())
    }

    /// The certificate of the authority as PEM, for
    /// [`root_certificate`](crate::SessionBuilder::root_certificate). Each process has an authority of its
    /// own.
    pub fn authority_pem() -> String {
        pem("CERTIFICATE", &AUTHORITY.certificate)
    }
}

/// One block of PEM text (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|&byte| char::from(byte)));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("backstop testing"));
static STRANGER: LazyLock<Authority> = LazyLock::new(|| Authority::new("nobody knows"));

/// The configuration of a server, built at its first use.
pub(super) fn server_config(certificate: Certificate, http2: bool) -> Arc<ServerConfig> {
    type Made = HashMap<(Certificate, bool), Arc<ServerConfig>>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = made.entry((certificate, http2));
    Arc::clone(config.or_insert_with(|| Arc::new(configure(certificate, http2))))
}

// The functions below work on constants, so any mistake shows in every test.

fn configure(certificate: Certificate, http2: bool) -> ServerConfig {
    let (chain, key) = &*issued(certificate);
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports the default versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain.clone()], key.clone_key())
        .expect("the key fits its certificate");
    let protocols: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

type Issued = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// A certificate and its key, issued at their first use.
fn issued(which: Certificate) -> Arc<Issued> {
    static MADE: LazyLock<Mutex<HashMap<Certificate, Arc<Issued>>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(made.entry(which).or_insert_with(|| Arc::new(issue(which))))
}

fn issue(which: Certificate) -> Issued {
    let names: &[&str] = match which {
        Certificate::WrongHost => &["elsewhere.test"],
        _ => &["localhost", "127.0.0.1"],
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names of hosts");
    // Far enough from today to be independent of the clock.
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
