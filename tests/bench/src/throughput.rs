//! Requests a second. The clients take turns, round after round, so that what else the machine does
//! falls on all of them, and each is compared with the first one of its own round.

use crate::{
    process::{self, Result, Run, Server},
    results::Results,
};

/// How many requests are in flight.
pub(crate) const LOADS: &[u32] = &[1, 64, 1000];

/// Who plays; the others are compared with the first. The second is the first once more: what
/// differs between the two is noise.
pub(crate) const CLIENTS: &[&str] = &[
    "naive",
    "naive-again",
    "attribute",
    "policy",
    "middleware",
    "feignhttp",
    "hyper-util",
    "aiohttp",
    "aiohttp-fresh",
];

pub(crate) fn measure(results: &mut Results, quick: bool) -> Result<()> {
    let (rounds, millis) = if quick { (3, 300) } else { (15, 600) };
    let mut clients = CLIENTS.to_vec();
    if process::python().is_none() {
        eprintln!("aiohttp: not here");
        clients.retain(|client| !client.starts_with("aiohttp"));
    }
    let _server = Server::start()?;
    for load in LOADS {
        let mut runs: Vec<Vec<Run>> = vec![Vec::new(); clients.len()];
        for round in 0..rounds {
            for turn in 0..clients.len() {
                let client = (round + turn) % clients.len();
                runs[client].push(process::concurrent(clients[client], "success", *load, millis)?);
            }
        }
        for (client, own) in clients.iter().zip(&runs) {
            let paired = |of: fn(&Run) -> f64| {
                own.iter().zip(&runs[0]).map(move |(own, first)| of(own) / of(first)).collect()
            };
            let mut rates: Vec<f64> = paired(|run| run.rate);
            rates.sort_by(f64::total_cmp);
            let memory = own.iter().map(|run| run.memory).fold(0.0, f64::max);
            for (what, value) in [
                ("rate", median(own.iter().map(|run| run.rate).collect())),
                ("rate-ratio", median(rates.clone())),
                ("rate-ratio-low", rates[rates.len() / 10]),
                ("rate-ratio-high", rates[rates.len() - 1 - rates.len() / 10]),
                ("processor-ratio", median(paired(|run| run.processor))),
                ("memory", memory),
            ] {
                results.set(&format!("{what}/{load}/{client}"), value);
            }
        }
    }
    Ok(())
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count.is_multiple_of(2) => (values[count / 2 - 1] + values[count / 2]) / 2.0,
        count => values[count / 2],
    }
}
