//! Runs the fault lab: `faults [--cases FILE] [--only PREFIX] [--json | --table]`.
//!
//! Runs all cases twice, over the session's own sender and over reqwest's client. Prints a line for each
//! case, and then the differences from the expectations. The exit status is 1 if there are any, and 2 if the
//! lab could not run.
//!
//! With `--table` it compares our kinds with the answers of aiohttp and plain reqwest to the same cases.

use std::{
    env, fs,
    io::{self, Write},
    process::ExitCode,
};

use backstop_tests::lab::{Lab, Summary, Transport};

/// This number of concurrent cases keeps two cores busy, without delaying short timers.
const AT_ONCE: usize = 32;

const USAGE: &str = "usage: faults [--cases FILE] [--only PREFIX] [--json | --table]";

#[derive(Default)]
struct Options {
    cases: Option<String>,
    only: String,
    json: bool,
    table: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let (lab, options) = match options().and_then(|options| Ok((lab(&options)?, options))) {
        Ok(ready) => ready,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if options.table {
        let document = lab.compare(&lab.answers(&options.only, AT_ONCE).await).document();
        return match io::stdout().write_all(document.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    }
    let mut code = ExitCode::SUCCESS;
    for transport in [Transport::Direct, Transport::Reqwest] {
        let summary = lab.run(&options.only, AT_ONCE, transport).await;
        let printed = print(&lab, &summary, transport, &options);
        if printed.is_err() || summary.differences().next().is_some() {
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn options() -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match &*word {
            "--json" => options.json = true,
            "--table" => options.table = true,
            "--cases" => options.cases = Some(words.next().ok_or(USAGE)?),
            "--only" => options.only = words.next().ok_or(USAGE)?,
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(options)
}

fn lab(options: &Options) -> Result<Lab, String> {
    let lab = match &options.cases {
        None => Lab::new(),
        Some(path) => {
            Lab::of(&fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?)
        }
    };
    lab.map_err(|error| format!("not in the format of the cases: {error}"))
}

/// A closed pipe must not cause a panic.
fn print(lab: &Lab, summary: &Summary, transport: Transport, options: &Options) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for report in &summary.reports {
        match options.json {
            true => writeln!(out, "{}", serde_json::to_string(report)?)?,
            false => writeln!(out, "{}", report.line())?,
        }
    }
    // What reads the objects is not bothered with the rest.
    match options.json {
        true => print_summary(lab, summary, transport, &mut io::stderr().lock()),
        false => print_summary(lab, summary, transport, &mut out),
    }
}

fn print_summary(
    lab: &Lab,
    summary: &Summary,
    transport: Transport,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    for report in summary.differences() {
        writeln!(out, "DIFFERS {}: {}", report.id, report.differs.join("; "))?;
        writeln!(out, "        {}", report.message)?;
    }
    writeln!(
        out,
        "{} cases over {}: {} differ from the expectations; {} panics, {} hangs, {} not run",
        summary.reports.len(),
        match transport {
            Transport::Direct => "the direct sender",
            Transport::Reqwest => "reqwest's client",
        },
        summary.differences().count(),
        summary.count("panic"),
        summary.count("hang"),
        summary.count("not_run"),
    )?;
    writeln!(
        out,
        "aiohttp reports {} of them differently, each with a recorded reason",
        lab.departures()
    )
}
