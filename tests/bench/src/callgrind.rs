//! Reads callgrind's output: instructions by function, and how often each function called which.
//!
//! Calls of the allocator's functions are heap allocations, so one run tells both, and the client
//! that is measured has no counters in it.

use std::collections::HashMap;

/// What a program did, from its start to its end.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) instructions: i64,
    functions: HashMap<String, Function>,
    /// How often the first called the second.
    calls: HashMap<(String, String), i64>,
}

#[derive(Debug, Default)]
struct Function {
    calls: i64,
    own: i64,
    /// With all that it called. A function that calls itself counts twice what it did inside.
    inclusive: i64,
}

impl Counts {
    /// Reads a file of callgrind's format, version 1. Cost lines are `POSITION COST`; one that
    /// follows `calls=` is the cost of those calls, of the function that `cfn=` named.
    pub(crate) fn parse(file: &str) -> Self {
        let mut counts = Self::default();
        let mut names = HashMap::new();
        let mut current = String::new();
        let mut called = String::new();
        let mut calls: Option<i64> = None;
        for line in file.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                current = expand(&mut names, name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = expand(&mut names, name);
            } else if let Some(count) = line.strip_prefix("calls=") {
                calls = count.split(' ').next().and_then(|count| count.parse().ok());
            } else if let Some(total) = line.strip_prefix("totals: ") {
                counts.instructions = total.parse().unwrap_or(0);
            } else if line
                .starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first))
            {
                let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok()).unwrap_or(0);
                let function = counts.functions.entry(current.clone()).or_default();
                function.inclusive += cost;
                match calls.take() {
                    None => function.own += cost,
                    Some(calls) => {
                        counts.functions.entry(called.clone()).or_default().calls += calls;
                        let edge = (current.clone(), called.clone());
                        *counts.calls.entry(edge).or_default() += calls;
                    }
                }
            }
        }
        counts
    }

    /// How often the heap was asked for memory.
    pub(crate) fn allocations(&self) -> i64 {
        self.calls_of(&["malloc", "calloc", "posix_memalign", "aligned_alloc"])
    }

    /// How often it was asked to change the size of what it gave.
    pub(crate) fn reallocations(&self) -> i64 {
        self.calls_of(&["realloc"])
    }

    fn calls_of(&self, names: &[&str]) -> i64 {
        names.iter().filter_map(|name| Some(self.functions.get(*name)?.calls)).sum()
    }

    /// Who called a function in this run and not in a shorter one: `(calls, name)` for each of so
    /// many requests, the most often first.
    pub(crate) fn callers(&self, of: &str, shorter: &Self, requests: f64) -> Vec<(f64, &str)> {
        let mut callers: Vec<_> = self
            .calls
            .iter()
            .filter(|((_, called), _)| called == of)
            .map(|(edge, long)| {
                let short = shorter.calls.get(edge).unwrap_or(&0);
                ((long - short) as f64 / requests, edge.0.as_str())
            })
            .collect();
        callers.sort_by(|one, other| other.0.total_cmp(&one.0));
        callers
    }

    /// What each function did in this run beyond a shorter one, for each request:
    /// `(instructions with callees, own, calls, name)`, the most expensive first.
    pub(crate) fn profile(&self, shorter: &Self, requests: f64) -> Vec<(f64, f64, f64, &str)> {
        let mut profile: Vec<_> = self
            .functions
            .iter()
            .map(|(name, long)| {
                let none = Function::default();
                let short = shorter.functions.get(name).unwrap_or(&none);
                let per_request = |long: i64, short: i64| (long - short) as f64 / requests;
                (
                    per_request(long.inclusive, short.inclusive),
                    per_request(long.own, short.own),
                    per_request(long.calls, short.calls),
                    name.as_str(),
                )
            })
            .collect();
        profile.sort_by(|one, other| other.0.total_cmp(&one.0));
        profile
    }
}

/// Names are written once, as `(12) name`, and then stand as `(12)`.
fn expand(names: &mut HashMap<String, String>, text: &str) -> String {
    match text.split_once(' ') {
        Some((number, name)) => {
            names.insert(number.to_owned(), name.to_owned());
            name.to_owned()
        }
        None => names.get(text).cloned().unwrap_or_else(|| text.to_owned()),
    }
}
