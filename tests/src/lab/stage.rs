//! The stage of a case: its endpoints, and the placeholders that name them.

use std::{collections::BTreeMap, io, time::Duration};

use backstop::testing::Certificate;
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::case::{Cert, Move, Part, Server, Servers};
use crate::faults::{Endpoint, Handshake, Step};

/// Endpoints by name, and the sockets of a file system.
#[derive(Debug)]
pub(super) struct Stage {
    endpoints: BTreeMap<String, Endpoint>,
    directory: Option<Directory>,
}

impl Stage {
    /// Binds every endpoint, and then starts the scripts, which may refer to any of them.
    pub(super) async fn set(servers: Servers) -> io::Result<Self> {
        let mut stage = Self { endpoints: BTreeMap::new(), directory: None };
        for (name, server) in &servers {
            let endpoint = match server {
                Server::Refused => Endpoint::refused()?,
                Server::BacklogFull => Endpoint::backlog_full().await?,
                Server::Script { .. } => Endpoint::bound()?,
            };
            stage.endpoints.insert(name.clone(), endpoint);
        }
        for (name, server) in servers {
            if let Server::Script { connections } = server {
                let scripts = connections.into_iter().map(|moves| stage.steps(moves));
                let scripts = scripts.collect::<io::Result<_>>()?;
                if let Some(endpoint) = stage.endpoints.get_mut(&name) {
                    endpoint.play(scripts);
                }
            }
        }
        Ok(stage)
    }

    /// Replaces `${main}` by its address and `${main.port}` by its port, and the same for each endpoint.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, endpoint) in &self.endpoints {
            let address = endpoint.address();
            text = text
                .replace(&format!("${{{name}}}"), &address.to_string())
                .replace(&format!("${{{name}.port}}"), &address.port().to_string());
        }
        text
    }

    /// The path that `${unix.missing}` or `${unix.refused}` stands for: a socket that does not
    /// exist, and one where nothing listens.
    #[cfg(unix)]
    pub(super) fn unix_socket(&mut self, placeholder: &str) -> io::Result<std::path::PathBuf> {
        let directory = match self.directory.take() {
            Some(directory) => directory,
            None => Directory::new()?,
        };
        let path = directory.0.join(match placeholder {
            "${unix.missing}" => "missing.sock",
            "${unix.refused}" => "refused.sock",
            _ => return Err(io::Error::other(format!("nothing stands for {placeholder}"))),
        });
        if placeholder == "${unix.refused}" {
            // The file outlives its listener.
            drop(std::os::unix::net::UnixListener::bind(&path)?);
        }
        self.directory = Some(directory);
        Ok(path)
    }

    /// The number of connections and of complete request heads that arrived, over all endpoints.
    pub(super) fn seen(&self) -> (usize, usize) {
        self.endpoints.values().map(Endpoint::seen).fold((0, 0), |(connections, requests), seen| {
            (connections + seen.connections, requests + seen.requests)
        })
    }

    fn steps(&self, moves: Vec<Move>) -> io::Result<Vec<Step>> {
        moves.into_iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, step: Move) -> io::Result<Step> {
        Ok(match step {
            Move::ReadHead => Step::ReadHead,
            Move::ReadRequest => Step::ReadRequest,
            Move::Read { n } => Step::Read(n),
            Move::ReadStream => Step::ReadStream,
            Move::ResetStream { code } => Step::ResetStream(code),
            Move::Send { parts: Some(parts), .. } => {
                let parts = parts.into_iter().map(|part| self.bytes(part));
                Step::Send(parts.collect::<io::Result<Vec<_>>>()?.concat())
            }
            Move::Send { text, b64, times, parts: None } => {
                Step::Send(self.bytes(Part { text, b64, times })?)
            }
            Move::SendUnderTls { b64 } => Step::SendUnderTls(decode(&b64)?),
            Move::Drip { text, every_ms } => {
                Step::Drip(latin_1(&self.fill(&text))?, Duration::from_millis(every_ms))
            }
            Move::Wait { ms } => Step::Wait(Duration::from_millis(ms)),
            Move::Tls { cert, require_client_cert, max_version } => Step::Tls(Handshake {
                certificate: cert.into(),
                wants_client_certificate: require_client_cert,
                only_tls_1_2: match max_version.as_deref() {
                    None | Some("1.3") => false,
                    Some("1.2") => true,
                    Some(other) => {
                        return Err(io::Error::other(format!("no server of TLS {other}")));
                    }
                },
            }),
            Move::Close => Step::Close,
            Move::Fin => Step::Fin,
            Move::Rst => Step::Reset,
            Move::Hold => Step::Hold,
            Move::Loop { steps } => Step::Loop(self.steps(steps)?),
        })
    }

    fn bytes(&self, part: Part) -> io::Result<Vec<u8>> {
        let bytes = match (part.text, part.b64) {
            (Some(text), None) => latin_1(&self.fill(&text))?,
            (None, Some(b64)) => decode(&b64)?,
            _ => return Err(io::Error::other("a part is text or base64")),
        };
        Ok(bytes.repeat(part.times.unwrap_or(1)))
    }
}

impl From<Cert> for Certificate {
    fn from(cert: Cert) -> Self {
        match cert {
            Cert::Good => Self::Good,
            Cert::WrongHost => Self::WrongHost,
            Cert::Expired => Self::Expired,
            Cert::NotYetValid => Self::NotYetValid,
            Cert::SelfSigned => Self::SelfSigned,
            Cert::Untrusted => Self::Untrusted,
        }
    }
}

/// One character is one byte.
fn latin_1(text: &str) -> io::Result<Vec<u8>> {
    let bytes = text.chars().map(u8::try_from).collect::<Result<_, _>>();
    bytes.map_err(|_| io::Error::other("a character that is not one byte"))
}

fn decode(b64: &str) -> io::Result<Vec<u8>> {
    BASE64_STANDARD.decode(b64).map_err(io::Error::other)
}

/// A temporary directory of one case.
#[derive(Debug)]
struct Directory(std::path::PathBuf);

impl Directory {
    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use std::sync::atomic::{AtomicUsize, Ordering};

        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // Short: the path of a socket has no more than a hundred bytes.
        let name = format!("backstop-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left behind is two empty files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
