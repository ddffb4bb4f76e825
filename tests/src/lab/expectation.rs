//! The expected outcome of each case, with the reason where it is another class than aiohttp's.

use std::collections::BTreeMap;

use backstop::{ErrorKind, Sent};
use serde::Deserialize;
use serde_json::Value;

use super::{
    case::{Aiohttp, Case},
    client::ReadTimer,
    report::{self, Report},
    table,
};

/// The expectations, by the ids of the cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    #[allow(dead_code, reason = "it tells the readers of the file what it is")]
    about: Vec<String>,
    /// What is expected of each case.
    pub cases: BTreeMap<String, Expectation>,
}

/// What is expected of one case.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// `ok`, or the name of a kind; several, if timing decides between them.
    #[serde(default)]
    outcome: OneOf,
    /// The `sent()` of the error.
    #[serde(default)]
    sent: OneOf,
    /// The status of a success, or of a response that failed later.
    status: Option<u16>,
    /// The content of a success.
    value: Option<Value>,
    /// The number of request heads that arrive. At most one by default, so that nothing is silently sent
    /// twice.
    asked: Option<usize>,
    /// The timer for a timeout between two reads, if it differs from that of the case's phase.
    read_timer: Option<ReadTimer>,
    /// Why the case is not run.
    not_run: Option<String>,
    /// Why the fault has this kind.
    because: Option<String>,
}

/// One text, or several alternatives.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
enum OneOf {
    #[default]
    Nothing,
    One(String),
    Several(Vec<String>),
}

impl OneOf {
    fn all(&self) -> &[String] {
        match self {
            Self::Nothing => &[],
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }

    fn has(&self, text: &str) -> bool {
        self.all().iter().any(|one| one == text)
    }
}

impl Expectation {
    pub(super) fn not_run(&self) -> Option<&str> {
        self.not_run.as_deref()
    }

    /// The expected kind, if it does not depend on timing.
    pub(super) fn kind(&self) -> Option<ErrorKind> {
        match self.outcome.all() {
            [outcome] => table::kind(outcome),
            _ => None,
        }
    }

    /// The maximum of the expected `sent()`.
    pub(super) fn sent(&self) -> Option<Sent> {
        let known = [Sent::No, Sent::Maybe, Sent::Yes];
        known.into_iter().filter(|sent| self.sent.has(report::sent(*sent))).max()
    }

    pub(super) fn read_timer(&self) -> Option<ReadTimer> {
        self.read_timer
    }

    /// The differences from the expectation.
    pub(super) fn differences(&self, report: &Report) -> Vec<String> {
        let mut differs = Vec::new();
        let mut same = |what: &str, same: bool, expected: &dyn std::fmt::Debug, got: String| {
            if !same {
                differs.push(format!("{what}: expected {expected:?}, got {got}"));
            }
        };
        let outcome = self.outcome.has(&report.outcome);
        same("outcome", outcome, &self.outcome.all(), report.outcome.clone());
        if !outcome {
            // The rest follows from it.
            return differs;
        }
        if let Some(sent) = report.sent {
            same("sent", self.sent.has(sent), &self.sent.all(), sent.to_owned());
        }
        if let Some(status) = self.status {
            let got = report.status;
            same("status", got == Some(status), &status, format!("{got:?}"));
        }
        if let (Some(expected), "ok") = (&self.value, &*report.outcome) {
            let got = report.value.as_ref();
            same("value", got == Some(expected), expected, format!("{got:?}"));
        }
        match self.asked {
            Some(asked) => {
                same("asked", report.asked == asked, &asked, report.asked.to_string());
            }
            None => same("asked", report.asked <= 1, &"once at most", report.asked.to_string()),
        }
        differs
    }

    /// Whether aiohttp has another outcome for this case: another class, a success or a hang.
    pub(super) fn departs(&self, aiohttp: &Aiohttp) -> bool {
        let classes = match (&*aiohttp.outcome, &aiohttp.class) {
            ("ok", _) => &["ok"][..],
            ("error", Some(class)) => answers_to(class),
            _ => &[],
        };
        !self.outcome.all().iter().all(|outcome| {
            let status = outcome.parse::<u16>().is_ok();
            let class = if status { "status" } else { outcome.split('.').next().unwrap_or("") };
            classes.contains(&class) || classes.contains(&&**outcome)
        })
    }
}

impl Expectations {
    /// Mistakes in the expectations themselves: cases without one, expectations without a case, and
    /// differences from aiohttp without a reason.
    pub(super) fn mistakes(&self, cases: &[Case]) -> Vec<String> {
        let mut mistakes = Vec::new();
        for case in cases {
            let Some(expectation) = self.cases.get(&case.id) else {
                mistakes.push(format!("{}: nothing is expected", case.id));
                continue;
            };
            let departs = case.aiohttp.as_ref().is_some_and(|aiohttp| expectation.departs(aiohttp));
            let reason = expectation.because.is_some() || expectation.not_run.is_some();
            if departs && !reason {
                mistakes.push(format!("{}: aiohttp differs, and no reason is given", case.id));
            }
        }
        for id in self.cases.keys() {
            if !cases.iter().any(|case| case.id == *id) {
                mistakes.push(format!("{id}: there is no such case"));
            }
        }
        mistakes
    }
}

/// Our classes that correspond to a class of aiohttp.
fn answers_to(class: &str) -> &'static [&'static str] {
    match class.strip_prefix("aiohttp.").unwrap_or(class) {
        "ClientConnectorDNSError" => &["connect.dns"],
        "ClientConnectorError" | "UnixClientConnectorError" => {
            &["connect.refused", "connect.other", "connect.tls"]
        }
        "ClientConnectorCertificateError" => &["connect.certificate"],
        "ClientConnectorSSLError" => &["connect.tls"],
        "ClientProxyConnectionError" | "ClientHttpProxyError" => &["connect.proxy"],
        "ConnectionTimeoutError" => &["timeout.connect"],
        "SocketTimeoutError" => &["timeout.idle", "timeout.attempt"],
        "ServerTimeoutError" => &["timeout.idle", "timeout.attempt", "timeout.connect"],
        "TimeoutError" => &["timeout.total"],
        "ServerDisconnectedError" => &["disconnected.closed"],
        "ClientOSError" | "ClientConnectionResetError" => &["disconnected.reset"],
        // The made-up status 400 for what is not HTTP, and the real ones.
        "ClientResponseError" => &["status", "protocol"],
        "ClientPayloadError" => &["body"],
        "ContentTypeError" => &["decode.content_type"],
        "json.decoder.JSONDecodeError" => &["decode.syntax"],
        "UnicodeDecodeError" => &["decode.charset"],
        "TooManyRedirects" => &["redirect.too_many"],
        "NonHttpUrlRedirectClientError" => &["redirect.scheme"],
        "InvalidUrlRedirectClientError" => &["redirect.location"],
        "InvalidURL" | "InvalidUrlClientError" | "NonHttpUrlClientError" => &["build.url"],
        "ValueError" | "TypeError" => &["build"],
        _ => &[],
    }
}
