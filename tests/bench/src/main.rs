//! What backstop costs, against the same functions written by hand and with other clients.
//!
//! `README.md`, beside this crate's manifest, says how to run it and how to read it.

mod bars;
mod callgrind;
mod client;
mod drive;
mod instructions;
mod process;
mod results;
mod server;
mod throughput;

use std::{env, process::ExitCode};

use self::{drive::Plan, process::Result, results::Results};

const USAGE: &str = "usage: backstop-bench [--quick] [instructions] [sizes] [throughput]
       backstop-bench profile [CLIENT [CASE]]
       backstop-bench table";

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
        sections = vec!["instructions", "sizes", "throughput"];
    }
    let file = process::scratch()?.join("results.txt");
    let mut results = Results::load(&file);
    for section in sections {
        match section {
            "instructions" => instructions::measure(&mut results, quick)?,
            "sizes" => sizes(&mut results),
            "throughput" => throughput::measure(&mut results, quick)?,
            _ => return Err(USAGE.into()),
        }
        results.save(&file)?;
    }
    show()
}

fn show() -> Result<()> {
    let results = Results::load(&process::scratch()?.join("results.txt"));
    print!("{}", bars::table(&results));
    Ok(())
}

fn sizes(results: &mut Results) {
    for (client, bytes) in client::future_sizes() {
        results.set(&format!("future/{client}"), bytes as f64);
    }
}
