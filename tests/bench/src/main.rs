//! What backstop costs, against the same functions written by hand and with other clients.
//!
//! `README.md`, beside this crate's manifest, says how to run it and how to read it.

mod bars;
mod callgrind;
mod client;
mod compile;
mod drive;
mod instructions;
mod memory;
mod plot;
mod process;
mod results;
mod server;
mod subscribers;
mod throughput;

use std::{env, fs, path::PathBuf, process::ExitCode};

use self::{drive::Plan, process::Result, results::Results};

const SECTIONS: [&str; 9] = [
    "instructions",
    "sizes",
    "memory",
    "throughput",
    "scripted",
    "check",
    "expansion",
    "release",
    "cold",
];

const USAGE: &str = "usage: backstop-bench [--quick] [SECTION…]
       backstop-bench profile [CLIENT [CASE]]
       backstop-bench table
       backstop-bench plot
SECTION: instructions (`around`: those of subscribers alone), sizes, memory, throughput, scripted, check, expansion, release, cold; by default all of them";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["server"] => server::run().map_err(Into::into),
        ["client", client, case, ..] => match Plan::parse(&args[3..]) {
            Some(plan) if client::run(client, case, plan) => Ok(()),
            _ => Err("there is no such case".into()),
        },
        ["profile"] => instructions::profile("attribute", "success"),
        ["profile", client] => instructions::profile(client, "success"),
        ["profile", client, case] => instructions::profile(client, case),
        ["table"] => show(),
        ["plot"] => draw(),
        _ => measure(&words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures the sections that are named, or all, and prints the table.
fn measure(words: &[&str]) -> Result<()> {
    let (options, mut sections): (Vec<&str>, Vec<&str>) =
        words.iter().partition(|word| word.starts_with('-'));
    let quick = match options[..] {
        [] => false,
        ["--quick"] => true,
        _ => return Err(USAGE.into()),
    };
    if sections.is_empty() {
        sections = SECTIONS.to_vec();
    }
    for section in sections {
        let mut results = Results::default();
        match section {
            "instructions" => instructions::measure(&mut results, quick)?,
            "around" => instructions::measure_around(&mut results, quick)?,
            "sizes" => sizes(&mut results),
            "memory" => memory::measure(&mut results, quick)?,
            "scripted" => results.set("scripted/calls", process::scripted_calls()?),
            "check" => compile::checks(&mut results, quick)?,
            "expansion" => compile::expansions(&mut results, quick)?,
            "release" => compile::releases(&mut results, quick)?,
            "cold" => compile::cold(&mut results, quick)?,
            "throughput" => throughput::measure(&mut results, quick)?,
            _ => return Err(USAGE.into()),
        }
        results.add_to(&file()?)?;
    }
    show()
}

/// What the last run of each section measured.
fn file() -> Result<PathBuf> {
    Ok(process::scratch()?.join("results.txt"))
}

fn show() -> Result<()> {
    let results = Results::load(&file()?);
    print!("{}\n{}\n{}", results.requests(), results.loads(), bars::table(&results));
    Ok(())
}

/// Draws what was measured, for the README.
fn draw() -> Result<()> {
    let results = Results::load(&file()?);
    for (name, theme) in [("plot-light.svg", plot::LIGHT), ("plot-dark.svg", plot::DARK)] {
        fs::write(process::source().join(name), plot::svg(&results, &theme))?;
    }
    Ok(())
}

fn sizes(results: &mut Results) {
    for (client, bytes) in client::future_sizes() {
        results.set(&format!("future/{client}"), bytes as f64);
    }
}
