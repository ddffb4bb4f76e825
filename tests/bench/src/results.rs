//! What was measured: numbers by name, such as `instructions/success/naive`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use crate::{instructions, process::Result, throughput};

#[derive(Debug, Default)]
pub(crate) struct Results(BTreeMap<String, f64>);

impl Results {
    pub(crate) fn set(&mut self, name: &str, value: f64) {
        eprintln!("{name} {value:.4}");
        self.0.insert(name.to_owned(), value);
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// One as a share of another.
    pub(crate) fn ratio(&self, name: &str, against: &str) -> Option<f64> {
        Some(self.get(name)? / self.get(against)?)
    }

    /// Reads `NAME VALUE` lines; those of a file that is not there are none.
    pub(crate) fn load(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let read = |line: &str| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self(text.lines().filter_map(read).collect())
    }

    /// Writes them to a file, beside what it says of other things.
    pub(crate) fn add_to(self, file: &Path) -> Result<()> {
        let mut all = Self::load(file);
        all.0.extend(self.0);
        let lines = all.0.iter().map(|(name, value)| format!("{name} {value:.4}\n"));
        Ok(fs::write(file, lines.collect::<String>())?)
    }

    /// What a request costs each client, by case: exact counts.
    pub(crate) fn requests(&self) -> String {
        let mut table = String::from(
            "| case | client | instructions | ratio | allocations | reallocations |\n\
             |---|---|---|---|---|---|\n",
        );
        for (case, clients) in instructions::CASES {
            for client in *clients {
                let of = |what: &str, client: &str| self.get(&format!("{what}/{case}/{client}"));
                let Some(count) = of("instructions", client) else { continue };
                let ratio = of("instructions", "naive").map(|naive| count / naive);
                let _ = writeln!(
                    table,
                    "| {case} | {client} | {count:.0} | {} | {} | {} |",
                    shown(ratio, 3),
                    shown(of("allocations", client), 1),
                    shown(of("reallocations", client), 1),
                );
            }
        }
        table
    }

    /// How each client does under load. The ratios are to the first client, which `naive-again` is
    /// once more.
    pub(crate) fn loads(&self) -> String {
        let mut table = String::from(
            "| in flight | client | requests/s | ratio | 80 % of rounds | processor | peak KiB |\n\
             |---|---|---|---|---|---|---|\n",
        );
        for load in throughput::LOADS {
            for client in throughput::CLIENTS {
                let of = |what: &str| self.get(&format!("{what}/{load}/{client}"));
                let Some(rate) = of("rate") else { continue };
                let _ = writeln!(
                    table,
                    "| {load} | {client} | {rate:.0} | {} | {} - {} | {} | {} |",
                    shown(of("rate-ratio"), 2),
                    shown(of("rate-ratio-low"), 2),
                    shown(of("rate-ratio-high"), 2),
                    shown(of("processor-ratio"), 2),
                    shown(of("memory"), 0),
                );
            }
        }
        table
    }
}

fn shown(number: Option<f64>, digits: usize) -> String {
    number.map_or("-".into(), |number| format!("{number:.digits$}"))
}
