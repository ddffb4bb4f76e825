//! What was measured: numbers by name, such as `instructions/success/naive`.

use std::{collections::BTreeMap, fs, path::Path};

use crate::process::Result;

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

    pub(crate) fn save(&self, file: &Path) -> Result<()> {
        let lines = self.0.iter().map(|(name, value)| format!("{name} {value:.4}\n"));
        Ok(fs::write(file, lines.collect::<String>())?)
    }
}
