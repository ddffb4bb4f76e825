//! Compares our kinds with aiohttp's classes and reqwest's predicates, as Markdown: `runtime/docs/faults.md`
//! and the table of the README.
//!
//! Only faults that have one outcome are counted, so that the text is the same each time.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use backstop::{Error, ErrorKind, Sent};

use super::{case::Case, expectation::Expectation, plain::Answer};

/// The kind that represents all statuses.
const STATUS: ErrorKind = ErrorKind::Status(404);

/// The kind that an outcome names.
pub(super) fn kind(outcome: &str) -> Option<ErrorKind> {
    match outcome.parse::<u16>() {
        Ok(_) => Some(STATUS),
        Err(_) => ErrorKind::all().find(|kind| kind.name() == outcome),
    }
}

/// A fault, and how each client reports it.
#[derive(Debug)]
pub(super) struct Fault {
    kind: ErrorKind,
    sent: Option<Sent>,
    /// As Markdown, like the next. None for cases that were not run with aiohttp.
    aiohttp: Option<String>,
    reqwest: String,
}

impl Fault {
    pub(super) fn new(
        case: &Case,
        kind: ErrorKind,
        expectation: &Expectation,
        reqwest: &str,
    ) -> Self {
        // Where an earlier hop was sent, it says nothing of this kind.
        let sent = expectation.sent().filter(|_| case.phase != "redirect");
        let aiohttp = case.aiohttp.as_ref().map(|aiohttp| match &aiohttp.class {
            Some(class) => format!("`{}`", class.strip_prefix("aiohttp.").unwrap_or(class)),
            None => Answer::Success.to_string(),
        });
        Self { kind, sent, aiohttp, reqwest: reqwest.to_owned() }
    }
}

/// The faults of the lab that have one outcome, whatever the timing, and what each client makes of
/// them.
#[derive(Debug)]
pub struct Comparison {
    faults: Vec<Fault>,
}

const ABOUT: &str = "\
Every kind of failure, compared with how [aiohttp](https://docs.aiohttp.org) and plain `reqwest` report the
same faults.

Each row is a leaf of [`ErrorKind`](enum@crate::ErrorKind), written as a pattern of `on_error`. The other
columns:

- *sent*: the value of [`Error::sent`](crate::Error::sent). After a redirect it is `Yes` for every later
  failure.
- *faults*: the number of faults of this kind in the fault lab, which reproduces them over real sockets.
  Faults whose outcome depends on timing are not counted. A kind with 0 faults either originates in the
  program or cannot be reproduced reliably over a socket. It has its own tests.
- *aiohttp*: the exception class that aiohttp 3.14 raised. Not all faults were run with aiohttp.
- *reqwest*: the predicates that are true for the error of `reqwest` 0.13, used as in its documentation with
  `send`, `error_for_status`, and `json`, `text` or `bytes`.

*success* means no error at all. Some successes are correct for that client: aiohttp retries idempotent
requests automatically, and its `json()` has no type to check. If a client reports the faults of a kind in
different ways, the number in parentheses is the number of faults that are reported in that way.
";

const ALIKE: &str = "
# Leaves that reqwest does not distinguish

This table lists the leaves for which reqwest returns the same predicates. Their errors differ only in the
chain of causes, where most types are private.
";

impl Comparison {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self { faults }
    }

    /// The whole comparison, a row for each leaf: `runtime/docs/faults.md`.
    pub fn document(&self) -> String {
        let mut text = ABOUT.to_owned();
        let mut last = "";
        for kind in ErrorKind::all() {
            let class = class(kind);
            if class != last {
                text += &format!("\n# {class}\n\n");
                text += &row(["arm", "message", "sent", "faults", "aiohttp", "reqwest"]);
                text += &row(["---"; 6]);
                last = class;
            }
            let faults: Vec<&Fault> = self.faults.iter().filter(|it| it.kind == kind).collect();
            let message = match kind {
                ErrorKind::Status(_) => "a status that does not count as success".to_owned(),
                kind => kind.to_string(),
            };
            let mut sent: BTreeSet<Sent> = faults.iter().filter_map(|fault| fault.sent).collect();
            sent.insert(Error::new(kind).sent());
            let sent: Vec<_> = sent.iter().map(|sent| format!("`{sent:?}`")).collect();
            text += &row([
                format!("`{kind:?}`"),
                message,
                sent.join(" "),
                faults.len().to_string(),
                numbered(&counted(faults.iter().filter_map(|fault| fault.aiohttp.as_ref()))),
                numbered(&counted(faults.iter().map(|fault| &fault.reqwest))),
            ]);
        }
        text += ALIKE;
        text += "\n";
        text += &row(["reqwest", "faults", "arms"]);
        text += &row(["---"; 3]);
        for (answer, count) in counted(self.faults.iter().map(|fault| &fault.reqwest)) {
            let arms: Vec<_> = self.kinds(answer).map(|kind| format!("`{kind:?}`")).collect();
            text += &row([answer.to_string(), count.to_string(), arms.join(" ")]);
        }
        text
    }

    /// A row for each class: the table of the README.
    pub fn summary(&self) -> String {
        let mut text = row(["`ErrorKind`", "leaves", "aiohttp", "reqwest"]);
        text += &row(["---"; 4]);
        let all: Vec<ErrorKind> = ErrorKind::all().collect();
        for kinds in all.chunk_by(|one, other| class(*one) == class(*other)) {
            let debug: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}")).collect();
            let leaves = debug.iter().filter_map(|kind| kind.strip_suffix(')')?.split_once('('));
            let leaves: Vec<_> = match kinds {
                [ErrorKind::Status(_)] => Vec::new(),
                _ => leaves.map(|(_, leaf)| format!("`{leaf}`")).collect(),
            };
            let class = match class(kinds[0]) {
                "Status" => "`Status(u16)`".to_owned(),
                class => format!("`{class}`"),
            };
            let faults = || self.faults.iter().filter(|fault| kinds.contains(&fault.kind));
            text += &row([
                class,
                leaves.join(" "),
                shortened(&counted(faults().filter_map(|fault| fault.aiohttp.as_ref()))),
                shortened(&counted(faults().map(|fault| &fault.reqwest))),
            ]);
        }
        text
    }

    /// How many leaves hide behind one predicate of reqwest's, which alone is true.
    pub fn leaves_behind(&self, predicate: &str) -> usize {
        self.kinds(&format!("`{predicate}`")).count()
    }

    /// The kinds of which some fault has this answer.
    fn kinds(&self, answer: &str) -> impl Iterator<Item = ErrorKind> {
        let is = move |fault: &Fault, kind| fault.kind == kind && fault.reqwest == answer;
        ErrorKind::all().filter(move |kind| self.faults.iter().any(|fault| is(fault, *kind)))
    }
}

/// The class that a leaf is of.
fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Build(_) => "Build",
        ErrorKind::Credentials => "Credentials",
        ErrorKind::Connect(_) => "Connect",
        ErrorKind::Timeout(_) => "Timeout",
        ErrorKind::Disconnected(_) => "Disconnected",
        ErrorKind::Protocol => "Protocol",
        ErrorKind::Redirect(_) => "Redirect",
        ErrorKind::Status(_) => "Status",
        ErrorKind::Body(_) => "Body",
        ErrorKind::Decode(_) => "Decode",
        kind => unreachable!("{kind:?} is in no row"),
    }
}

fn row<const N: usize>(cells: [impl AsRef<str>; N]) -> String {
    let cells = cells.map(|cell| match cell.as_ref() {
        "" => " ".to_owned(),
        "---" => "---".to_owned(),
        cell => format!(" {cell} "),
    });
    format!("|{}|\n", cells.join("|"))
}

/// What there is, and how often: the most frequent first.
fn counted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<(T, usize)> {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

/// All of it, with numbers where it is not all the same.
fn numbered(counts: &[(impl Display, usize)]) -> String {
    match counts {
        [] => "–".to_owned(),
        [(one, _)] => one.to_string(),
        _ => {
            let texts: Vec<_> =
                counts.iter().map(|(one, count)| format!("{one} ({count})")).collect();
            texts.join(", ")
        }
    }
}

/// The three most frequent.
fn shortened(counts: &[(impl Display, usize)]) -> String {
    let mut texts: Vec<_> = counts.iter().take(3).map(|(one, _)| one.to_string()).collect();
    if counts.len() > 3 {
        texts.push("…".to_owned());
    }
    texts.join(", ")
}
