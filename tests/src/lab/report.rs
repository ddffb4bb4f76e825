//! The outcome of a case, for comparison and for printing.

use std::time::Duration;

use backstop::{Error, Sent};
use serde::Serialize;
use serde_json::Value;

use super::client::Done;

/// The result of one case.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The case.
    pub id: String,
    /// `ok`, the [name](backstop::ErrorKind::name) of the error's kind, or what the lab says of a
    /// case that did not end in either: `not_made`, `unfit`, `hang`, `panic`, `not_run`.
    pub outcome: String,
    /// The class of the error: `connect`.
    pub kind: Option<String>,
    /// Its leaf: `refused`.
    pub leaf: Option<String>,
    /// `no`, `maybe` or `yes`.
    pub sent: Option<&'static str>,
    /// The status of the response, if one arrived.
    pub status: Option<u16>,
    /// The number of attempts.
    pub attempts: u32,
    /// The connections that the endpoints accepted.
    pub connections: usize,
    /// The number of request heads that they read.
    pub asked: usize,
    /// How often the lab ran the case: once, unless it differed.
    pub runs: u32,
    /// How long the case took, without its preparation.
    pub milliseconds: u64,
    /// The content of a success: JSON, text, or the number of bytes.
    pub value: Option<Value>,
    /// The whole chain of the error.
    pub message: String,
    /// The differences from the expectation.
    pub differs: Vec<String>,
}

impl Report {
    /// A case that did not end by itself.
    pub(super) fn without_end(id: &str, outcome: &str, message: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            outcome: outcome.to_owned(),
            kind: None,
            leaf: None,
            sent: None,
            status: None,
            attempts: 0,
            connections: 0,
            asked: 0,
            runs: 1,
            milliseconds: 0,
            value: None,
            message: message.into(),
            differs: Vec::new(),
        }
    }

    pub(super) fn new(id: &str, done: Done, seen: (usize, usize), took: Duration) -> Self {
        let report = match done {
            Done::Read { status, attempts, value } => Self {
                status: Some(status),
                attempts,
                value: Some(value),
                ..Self::without_end(id, "ok", "")
            },
            Done::Failed(error) => Self::failed(id, &error),
            Done::NotMade(error) => {
                // A URL that could not be made is no secret here, and the text has none.
                Self::without_end(id, "not_made", chain(&error))
            }
            Done::Unfit(why) => Self::without_end(id, "unfit", why),
        };
        let (connections, asked) = seen;
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Self { connections, asked, milliseconds, ..report }
    }

    fn failed(id: &str, error: &Error) -> Self {
        let name = error.kind().name();
        let (kind, leaf) = match name.split_once('.') {
            Some((kind, leaf)) => (kind, Some(leaf)),
            None if error.is_status() => ("status", Some(&*name)),
            None => (&*name, None),
        };
        Self {
            kind: Some(kind.to_owned()),
            leaf: leaf.map(str::to_owned),
            sent: Some(sent(error.sent())),
            status: error.status().map(|status| status.as_u16()),
            attempts: error.attempts(),
            ..Self::without_end(id, &name, format!("{error:#}"))
        }
    }

    /// The report on one line.
    pub fn line(&self) -> String {
        let status = self.status.map_or("-".to_owned(), |status| status.to_string());
        let Self { id, outcome, attempts, connections, asked, milliseconds, .. } = self;
        let sent = self.sent.unwrap_or("-");
        let message = match &self.value {
            Some(value) => value.to_string(),
            None => self.message.clone(),
        };
        format!(
            "{id:<38} {outcome:<22} {sent:<5} {status:>3} {attempts} {connections}/{asked} \
             {milliseconds:>5} ms  {message}"
        )
        .trim_end()
        .to_owned()
    }
}

pub(super) fn sent(sent: Sent) -> &'static str {
    match sent {
        Sent::No => "no",
        Sent::Maybe => "maybe",
        Sent::Yes => "yes",
    }
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
