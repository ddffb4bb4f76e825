//! The format of `cases.json`.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

use super::streams::Stream;

/// The common fields of a case. The rest is parsed when the case is run, so that an unknown setting in one
/// case does not prevent the others from running.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) phase: String,
    pub(super) server: Value,
    pub(super) client: Value,
    /// The outcome with aiohttp.
    #[serde(default)]
    pub(super) aiohttp: Option<Aiohttp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Aiohttp {
    pub(super) outcome: String,
    pub(super) class: Option<String>,
}

/// The endpoints of a case by their names: `main`, `proxy`, `target`.
pub(super) type Servers = BTreeMap<String, Server>;

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Server {
    Refused,
    BacklogFull,
    Script { connections: Vec<Vec<Move>> },
}

/// A step in the file: text with placeholders, durations in milliseconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Move {
    ReadHead,
    ReadRequest,
    Read {
        n: usize,
    },
    ReadStream,
    ResetStream {
        code: u32,
    },
    Send {
        text: Option<String>,
        b64: Option<String>,
        times: Option<usize>,
        parts: Option<Vec<Part>>,
    },
    SendUnderTls {
        b64: String,
    },
    Drip {
        text: String,
        every_ms: u64,
    },
    Wait {
        ms: u64,
    },
    Tls {
        cert: Cert,
        #[serde(default)]
        require_client_cert: bool,
        max_version: Option<String>,
    },
    Close,
    Fin,
    Rst,
    Hold,
    Loop {
        steps: Vec<Move>,
    },
}

/// A piece of the sent bytes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) text: Option<String>,
    pub(super) b64: Option<String>,
    pub(super) times: Option<usize>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cert {
    Good,
    WrongHost,
    Expired,
    NotYetValid,
    SelfSigned,
    Untrusted,
}

/// The client's side of a case. A setting without a counterpart here is refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Body>,
    #[serde(default)]
    pub(super) timeouts_ms: Timeouts,
    pub(super) read: Option<Read>,
    #[serde(default)]
    pub(super) raise_for_status: bool,
    pub(super) max_redirects: Option<u32>,
    #[serde(default = "yes")]
    pub(super) allow_redirects: bool,
    pub(super) trust: Option<Trust>,
    pub(super) resolver: Option<Resolver>,
    pub(super) proxy: Option<String>,
    pub(super) unix_socket: Option<String>,
    pub(super) local_addr: Option<LocalAddress>,
    /// Whether HTTP/2 is used with prior knowledge.
    #[serde(default)]
    pub(super) http2: bool,
    #[serde(default)]
    pub(super) warmup: bool,
    #[serde(default)]
    pub(super) warmup_pause_ms: u64,
}

fn yes() -> bool {
    true
}

/// A source address, with or without a port: reqwest binds to any port of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum LocalAddress {
    Host(std::net::IpAddr),
    Pair((std::net::IpAddr, serde::de::IgnoredAny)),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Body {
    Text { text: String },
    Fill { byte: String, n: usize },
    Stream { chunks: Vec<String>, then: Then },
    JsonUnserializable,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Then {
    End,
    Raise,
    RaiseOs,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeouts {
    pub(super) total: Option<u64>,
    pub(super) connect: Option<u64>,
    pub(super) sock_connect: Option<u64>,
    pub(super) sock_read: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum Read {
    Json,
    Text,
    Bytes,
    /// As it arrives, up to the end of a line.
    Line,
    /// As it arrives, up to this many bytes.
    Exactly(usize),
    /// As a type of streams.
    Stream(Stream),
}

impl TryFrom<String> for Read {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Ok(match &*text {
            "json" => Self::Json,
            "text" => Self::Text,
            "bytes" => Self::Bytes,
            "line" => Self::Line,
            other => match other.strip_prefix("exactly:").and_then(|n| n.parse().ok()) {
                Some(n) => Self::Exactly(n),
                None => match Stream::deserialize(Value::from(other)) {
                    Ok(stream) => Self::Stream(stream),
                    Err(_) => return Err(format!("nothing reads `{other}`")),
                },
            },
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trust {
    System,
    TestCa,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Resolver {
    Real,
    Error,
    ErrorOther,
    Empty,
    Stall,
    ToLoopback,
}
