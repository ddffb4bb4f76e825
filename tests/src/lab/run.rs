//! Running the cases, many at once, each bounded in time.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    case::{Case, Client, Servers},
    client::{self, ReadTimer},
    expectation::{Expectation, Expectations},
    report::Report,
    stage::Stage,
};

/// How long a case may take. The timers of every case are shorter.
const BOUND: Duration = Duration::from_secs(10);

/// How often a case is run before it counts as different.
const RUNS: u32 = 3;

/// Cases, and what is expected of them.
#[derive(Debug)]
pub struct Lab {
    cases: Vec<Case>,
    expectations: Arc<Expectations>,
}

/// What became of all cases.
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
        Ok(Self { cases, expectations: Arc::new(serde_json::from_str(expectations)?) })
    }

    /// What is wrong with the expectations themselves: cases without one, expectations without a
    /// case, and departures from aiohttp without a reason.
    pub fn mistakes(&self) -> Vec<String> {
        self.expectations.mistakes(&self.cases)
    }

    /// How many expectations depart from what aiohttp tells.
    pub fn departures(&self) -> usize {
        let departs = |case: &&Case| match (self.expectations.cases.get(&case.id), &case.aiohttp) {
            (Some(expectation), Some(aiohttp)) => expectation.departs(aiohttp),
            _ => false,
        };
        self.cases.iter().filter(departs).count()
    }

    /// Runs the cases whose ids start with `prefix`, so many `at_once`.
    ///
    /// Timers are short, and a busy machine may hold up either side: a case that differs is run
    /// again, alone, and has to differ each time. A panic is one, whenever it comes.
    pub async fn run(&self, prefix: &str, at_once: usize) -> Summary {
        let chosen: Vec<&Case> =
            self.cases.iter().filter(|case| case.id.starts_with(prefix)).collect();
        let mut reports = self.all(&chosen, at_once).await;
        for (case, report) in chosen.iter().zip(&mut reports) {
            while !report.differs.is_empty() && report.outcome != "panic" && report.runs < RUNS {
                let runs = report.runs + 1;
                for again in self.all(&[case], 1).await {
                    *report = Report { runs, ..again };
                }
            }
        }
        Summary { reports }
    }

    /// Runs cases. The reports are in their order.
    async fn all(&self, cases: &[&Case], at_once: usize) -> Vec<Report> {
        let permits = Arc::new(Semaphore::new(at_once.max(1)));
        let mut running = JoinSet::new();
        let mut ids = HashMap::new();
        for (number, &case) in cases.iter().enumerate() {
            let (case, id) = (case.clone(), case.id.clone());
            let permits = Arc::clone(&permits);
            let expectation = self.expectations.cases.get(&id).cloned();
            let task = running.spawn(async move {
                // Never closed: there is a permit in the end.
                let _permit = permits.acquire_owned().await;
                (number, run(case, expectation.as_ref()).await)
            });
            ids.insert(task.id(), (number, id));
        }
        let mut reports = Vec::with_capacity(ids.len());
        while let Some(ended) = running.join_next_with_id().await {
            match ended {
                Ok((_, report)) => reports.push(report),
                // Tasks of our own are not cancelled: this one panicked.
                Err(error) => {
                    if let Some((number, id)) = ids.remove(&error.id()) {
                        let mut report = Report::without_end(&id, "panic", error.to_string());
                        report.differs.push(error.to_string());
                        reports.push((number, report));
                    }
                }
            }
        }
        reports.sort_by_key(|(number, _)| *number);
        reports.into_iter().map(|(_, report)| report).collect()
    }
}

impl Summary {
    /// The cases that are not as expected, panics and hangs among them.
    pub fn differences(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter().filter(|report| !report.differs.is_empty())
    }

    /// How many cases ended so.
    pub fn count(&self, outcome: &str) -> usize {
        self.reports.iter().filter(|report| report.outcome == outcome).count()
    }
}

async fn run(case: Case, expectation: Option<&Expectation>) -> Report {
    let Case { id, phase, server, client, .. } = case;
    if let Some(why) = expectation.and_then(Expectation::not_run) {
        return Report::without_end(&id, "not_run", why);
    }
    let read_timer = expectation.and_then(Expectation::read_timer).unwrap_or(match &*phase {
        "head" => ReadTimer::Attempt,
        _ => ReadTimer::Idle,
    });
    let mut report = match parse(server, client) {
        Ok((servers, client)) => play(&id, servers, client, read_timer).await,
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

fn parse(
    server: serde_json::Value,
    client: serde_json::Value,
) -> serde_json::Result<(Servers, Client)> {
    Ok((serde_json::from_value(server)?, serde_json::from_value(client)?))
}

async fn play(id: &str, servers: Servers, client: Client, read_timer: ReadTimer) -> Report {
    let mut stage = match Stage::set(servers).await {
        Ok(stage) => stage,
        Err(error) => return Report::without_end(id, "unfit", error.to_string()),
    };
    let start = Instant::now();
    match timeout(BOUND, client::perform(client, &mut stage, read_timer)).await {
        Ok(done) => Report::new(id, done, stage.seen(), start.elapsed()),
        Err(_) => Report::without_end(id, "hang", format!("no end after {BOUND:?}")),
    }
}
