//! Resident memory for each call in flight, its connection included: the difference of two runs with
//! different numbers of them, which the server answers when all have come.

use crate::{
    process::{self, Result, Server},
    results::Results,
    throughput::median,
};

/// Fewer than 1 024 file descriptors, which is how many a process may have by default.
const IN_FLIGHT: [u32; 2] = [100, 900];

pub(crate) fn measure(results: &mut Results, quick: bool) -> Result<()> {
    let _server = Server::start()?;
    let rounds = if quick { 3 } else { 9 };
    for client in ["attribute", "naive"] {
        let mut each = Vec::new();
        for _ in 0..rounds {
            let [few, many] = IN_FLIGHT.map(|in_flight| process::held(client, in_flight));
            each.push((many? - few?) / f64::from(IN_FLIGHT[1] - IN_FLIGHT[0]));
        }
        results.set(&format!("resident/{client}"), median(each));
    }
    Ok(())
}
