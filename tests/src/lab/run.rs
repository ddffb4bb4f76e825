//! Runs the cases concurrently, each with a time limit.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use backstop::{Error, ErrorKind, Request, Sent, Session, testing::Script};
use serde::Deserialize;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{
    case::{Case, Client, Servers},
    client::{self, Done, ReadTimer, Transport, With},
    expectation::{Expectation, Expectations},
    plain::{self, Answer},
    report::Report,
    stage::Stage,
    table::{Comparison, Fault},
};

/// The time limit of a case. The timers of every case are shorter.
const BOUND: Duration = Duration::from_secs(10);

/// How often a case is run before it counts as different.
const RUNS: u32 = 3;

/// Cases, and what is expected of them.
#[derive(Debug)]
pub struct Lab {
    cases: Vec<Case>,
    expectations: Arc<Expectations>,
    answers: Answers,
}

/// The answers of plain reqwest by the ids of the cases: the true predicates of its error, as Markdown.
pub type Answers = BTreeMap<String, String>;

/// A failure over a socket, and the same of a script.
#[derive(Debug)]
pub struct BesideScript {
    /// The case.
    pub id: String,
    /// The error over the socket.
    pub socket: Error,
    /// The error under the script.
    pub scripted: Error,
}

/// The outcomes of all cases.
#[derive(Debug)]
pub struct Summary {
    /// A report for each case, in the order of the cases.
    pub reports: Vec<Report>,
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

impl Lab {
    /// The cases of `faults/cases.json`, and our own of `faults/more.json`.
    ///
    /// # Errors
    ///
    /// If they, or what is expected of them, cannot be read.
    pub fn new() -> serde_json::Result<Self> {
        let mut lab = Self::of(include_str!("../../faults/cases.json"))?;
        lab.cases.extend(Self::of(include_str!("../../faults/more.json"))?.cases);
        Ok(lab)
    }

    /// The cases of a text in the same format, held against the same expectations.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn of(cases: &str) -> serde_json::Result<Self> {
        let File { cases } = serde_json::from_str(cases)?;
        let expectations = include_str!("../../faults/expectations.json");
        let answers = include_str!("../../faults/reqwest.json");
        Ok(Self {
            cases,
            expectations: Arc::new(serde_json::from_str(expectations)?),
            answers: serde_json::from_str(answers)?,
        })
    }

    /// How many cases there are.
    pub fn size(&self) -> usize {
        self.cases.len()
    }

    /// Mistakes in the expectations themselves: cases without one, expectations without a case, and
    /// differences from aiohttp without a reason.
    pub fn mistakes(&self) -> Vec<String> {
        self.expectations.mistakes(&self.cases)
    }

    /// The number of expectations that differ from aiohttp's outcome.
    pub fn departures(&self) -> usize {
        let departs = |case: &&Case| match (self.expectations.cases.get(&case.id), &case.aiohttp) {
            (Some(expectation), Some(aiohttp)) => expectation.departs(aiohttp),
            _ => false,
        };
        self.cases.iter().filter(departs).count()
    }

    /// Runs the cases whose ids start with `prefix`, `at_once` of them concurrently.
    ///
    /// Timers are short, and a busy machine may delay either side. A case that differs is therefore run
    /// again, alone, and counts as different only if it differs each time. A panic always counts.
    pub async fn run(&self, prefix: &str, at_once: usize, transport: Transport) -> Summary {
        let chosen: Vec<&Case> =
            self.cases.iter().filter(|case| case.id.starts_with(prefix)).collect();
        let mut reports = self.all(&chosen, at_once, transport).await;
        for (case, report) in chosen.iter().zip(&mut reports) {
            while !report.differs.is_empty() && report.outcome != "panic" && report.runs < RUNS {
                let runs = report.runs + 1;
                for again in self.all(&[case], 1, transport).await {
                    *report = Report { runs, ..again };
                }
            }
        }
        Summary { reports }
    }

    /// The cases that a session with the defaults can send.
    pub fn shareable(&self) -> impl Iterator<Item = &str> {
        let can_share = |case: &&Case| {
            serde_json::from_value(case.client.clone())
                .is_ok_and(|client| client::can_share(&client))
        };
        self.cases.iter().filter(can_share).map(|case| &*case.id)
    }

    /// Runs one case, once, with a session that others use too. None if there is no such case.
    pub async fn run_with(&self, id: &str, session: &Session) -> Option<Report> {
        let case = self.cases.iter().find(|case| case.id == id)?;
        let expectation = self.expectations.cases.get(id).cloned();
        Some(run(case.clone(), expectation, With::Shared(session.clone())).await)
    }

    /// Runs cases that fail with this kind over sockets, and then the same requests under a script with that
    /// fault, both with the same retry policy. At most `most` cases are run, and only those whose first
    /// request fails independently of timing.
    pub async fn beside_scripts(
        &self,
        kind: ErrorKind,
        retries: u32,
        most: usize,
    ) -> Vec<BesideScript> {
        let cases = self.comparable().filter(|(case, of, expectation)| {
            let is_first = (case.phase == "redirect") == matches!(kind, ErrorKind::Redirect(_));
            *of == kind && is_first && expectation.not_run().is_none()
        });
        let cases: Vec<Case> = cases.map(|(case, ..)| case.clone()).collect();
        let mut found = Vec::new();
        for Case { id, phase, server, client, .. } in cases {
            let timer = if phase == "head" { ReadTimer::Attempt } else { ReadTimer::Idle };
            let timer = self.expectations.cases[&id].read_timer().unwrap_or(timer);
            let Ok((servers, client)) = parse(server, client) else { continue };
            if client.warmup || found.len() >= most {
                continue;
            }
            let with = || With::Retrying(retries);
            let Some(socket) = failure(servers.clone(), client.clone(), timer, with()).await else {
                continue;
            };
            // A retry exceeded the call's timer.
            let is_status = |kind| matches!(kind, ErrorKind::Status(_));
            if socket.kind() != kind && !(is_status(socket.kind()) && is_status(kind)) {
                continue;
            }
            // A stream that breaks is another fault than a body that cannot be made.
            if matches!(kind, ErrorKind::Build(_)) && socket.sent() != Sent::No {
                continue;
            }
            let script = Script::new();
            for template in ["/", "/{*rest}"] {
                script.any(template).fault(socket.kind());
            }
            let scripted = match kind {
                // A request that cannot be built does not reach a script.
                ErrorKind::Build(_) => {
                    let request = Request::get("http://a.test/").retry(retries);
                    script.run(Session::shared().fetch(request)).await.err()
                }
                _ => script.run(failure(servers, client, timer, with())).await,
            };
            if let Some(scripted) = scripted {
                found.push(BesideScript { id, socket, scripted });
            }
        }
        found
    }

    /// Runs cases. The reports are in their order.
    async fn all(&self, cases: &[&Case], at_once: usize, transport: Transport) -> Vec<Report> {
        let runs = cases.iter().map(|&case| {
            let expectation = self.expectations.cases.get(&case.id).cloned();
            run(case.clone(), expectation, With::Own(transport))
        });
        let ends = together(runs, at_once).await;
        let reports = ends.into_iter().zip(cases).map(|(end, case)| {
            end.unwrap_or_else(|panic| {
                let mut report = Report::without_end(&case.id, "panic", panic.as_str());
                report.differs.push(panic);
                report
            })
        });
        reports.collect()
    }

    /// What a plain reqwest answers to the cases whose ids start with `prefix` and that fail with one
    /// kind, whatever the timing.
    ///
    /// As in [`run`](Self::run), an answer counts as different only if it differs each time.
    pub async fn answers(&self, prefix: &str, at_once: usize) -> Answers {
        let cases = self.comparable().map(|(case, ..)| case);
        let cases: Vec<&Case> = cases.filter(|case| case.id.starts_with(prefix)).collect();
        let mut answers = answers_to(&cases, at_once).await;
        for case in cases {
            for _ in 1..RUNS {
                if answers.get(&case.id) != self.answers.get(&case.id) {
                    answers.extend(answers_to(&[case], 1).await);
                }
            }
        }
        answers
    }

    /// The answers that are kept, in `faults/reqwest.json`.
    pub fn kept_answers(&self) -> &Answers {
        &self.answers
    }

    /// Compares these answers, and aiohttp's, with our kinds.
    pub fn compare(&self, answers: &Answers) -> Comparison {
        let faults = self.comparable().filter_map(|(case, kind, expectation)| {
            Some(Fault::new(case, kind, expectation, answers.get(&case.id)?))
        });
        Comparison::new(faults.collect())
    }

    /// The cases that fail with one kind.
    fn comparable(&self) -> impl Iterator<Item = (&Case, ErrorKind, &Expectation)> {
        self.cases.iter().filter_map(|case| {
            let expectation = self.expectations.cases.get(&case.id)?;
            Some((case, expectation.kind()?, expectation))
        })
    }
}

async fn answers_to(cases: &[&Case], at_once: usize) -> Answers {
    let runs = cases.iter().map(|&case| plainly(case.clone()));
    let answers = together(runs, at_once).await.into_iter();
    let answers = answers.map(|answer| answer.unwrap_or(Answer::Panic).to_string());
    cases.iter().map(|case| case.id.clone()).zip(answers).collect()
}

/// Runs all futures, a limited number at once. The results are in order; a panic is its message.
async fn together<T: Send + 'static>(
    runs: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
    at_once: usize,
) -> Vec<Result<T, String>> {
    let permits = Arc::new(Semaphore::new(at_once.max(1)));
    let spawn = |run| {
        let permits = Arc::clone(&permits);
        tokio::spawn(async move {
            // Never closed: there is a permit in the end.
            let _permit = permits.acquire_owned().await;
            run.await
        })
    };
    let running: Vec<_> = runs.map(spawn).collect();
    let mut ends = Vec::with_capacity(running.len());
    for run in running {
        // These tasks are never cancelled: one that failed to join has panicked.
        ends.push(run.await.map_err(|error| error.to_string()));
    }
    ends
}

impl Summary {
    /// The cases that differ from their expectation, including panics and hangs.
    pub fn differences(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter().filter(|report| !report.differs.is_empty())
    }

    /// The number of cases with this outcome.
    pub fn count(&self, outcome: &str) -> usize {
        self.reports.iter().filter(|report| report.outcome == outcome).count()
    }
}

async fn run(case: Case, expectation: Option<Expectation>, session: With) -> Report {
    let expectation = expectation.as_ref();
    let Case { id, phase, server, client, .. } = case;
    if let Some(why) = expectation.and_then(Expectation::not_run) {
        return Report::without_end(&id, "not_run", why);
    }
    let read_timer = expectation.and_then(Expectation::read_timer).unwrap_or(match &*phase {
        "head" => ReadTimer::Attempt,
        _ => ReadTimer::Idle,
    });
    let mut report = match parse(server, client) {
        Ok((servers, client)) => play(&id, servers, client, read_timer, session).await,
        Err(error) => Report::without_end(&id, "unfit", error.to_string()),
    };
    report.differs = match expectation {
        Some(expectation) => expectation.differences(&report),
        // Whatever a case is, it ends.
        None if report.outcome == "hang" => vec![report.message.clone()],
        None => Vec::new(),
    };
    report
}

/// The error of a case, if it ends in one.
async fn failure(
    servers: Servers,
    client: Client,
    timer: ReadTimer,
    session: With,
) -> Option<Error> {
    let mut stage = Stage::set(servers).await.ok()?;
    match timeout(BOUND, client::perform(client, &mut stage, timer, session)).await {
        Ok(Done::Failed(error)) => Some(error),
        _ => None,
    }
}

fn parse(
    server: serde_json::Value,
    client: serde_json::Value,
) -> serde_json::Result<(Servers, Client)> {
    Ok((serde_json::from_value(server)?, serde_json::from_value(client)?))
}

async fn plainly(case: Case) -> Answer {
    let (servers, client) = match parse(case.server, case.client) {
        Ok(parsed) => parsed,
        Err(error) => return Answer::Unfit(error.to_string()),
    };
    let mut stage = match Stage::set(servers).await {
        Ok(stage) => stage,
        Err(error) => return Answer::Unfit(error.to_string()),
    };
    timeout(BOUND, plain::perform(client, &mut stage)).await.unwrap_or(Answer::Hang)
}

async fn play(
    id: &str,
    servers: Servers,
    client: Client,
    read_timer: ReadTimer,
    session: With,
) -> Report {
    let mut stage = match Stage::set(servers).await {
        Ok(stage) => stage,
        Err(error) => return Report::without_end(id, "unfit", error.to_string()),
    };
    let start = Instant::now();
    match timeout(BOUND, client::perform(client, &mut stage, read_timer, session)).await {
        Ok(done) => Report::new(id, done, stage.seen(), start.elapsed()),
        Err(_) => Report::without_end(id, "hang", format!("no end after {BOUND:?}")),
    }
}
