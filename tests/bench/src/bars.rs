//! The ratios that backstop is held to.

use std::fmt::Write as _;

use crate::results::Results;

struct Bar {
    what: &'static str,
    against: &'static str,
    /// The names of the two numbers, whose ratio is held against the limit.
    ratio: (&'static str, &'static str),
    limit: Limit,
}

enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

use Limit::{AtLeast, AtMost};

const BARS: &[Bar] = &[
    Bar {
        what: "instructions, success",
        against: "by hand, naively",
        ratio: ("instructions/success/attribute", "instructions/success/naive"),
        limit: AtMost(0.95),
    },
    Bar {
        what: "instructions, success",
        against: "by hand, same policy",
        ratio: ("instructions/success/attribute", "instructions/success/policy"),
        limit: AtMost(0.85),
    },
    Bar {
        what: "instructions, 404 with its body",
        against: "by hand, naively",
        ratio: ("instructions/404/attribute", "instructions/404/naive"),
        limit: AtMost(1.0),
    },
    Bar {
        what: "heap allocations, success",
        against: "by hand, naively",
        ratio: ("allocations/success/attribute", "allocations/success/naive"),
        limit: AtMost(1.05),
    },
    Bar {
        what: "instructions, a fresh session per call",
        against: "shared session",
        ratio: ("instructions/fresh/attribute", "instructions/success/attribute"),
        limit: AtMost(1.7),
    },
    Bar {
        what: "requests a second, 64 in flight",
        against: "aiohttp, one session",
        ratio: ("rate/64/attribute", "rate/64/aiohttp"),
        limit: AtLeast(9.0),
    },
    Bar {
        what: "size of the returned future",
        against: "by hand, naively",
        ratio: ("future/attribute", "future/naive"),
        limit: AtMost(0.3),
    },
];

/// Each bar with its ratio, and whether it is met.
pub(crate) fn table(results: &Results) -> String {
    let mut table =
        String::from("| what | against | figures | ratio | bar | |\n|---|---|---|---|---|---|\n");
    for Bar { what, against, ratio: (name, other), limit } in BARS {
        let (sign, limit, met) = match (limit, results.ratio(name, other)) {
            (AtMost(limit), ratio) => ("≤", limit, ratio.map(|ratio| ratio <= *limit)),
            (AtLeast(limit), ratio) => ("≥", limit, ratio.map(|ratio| ratio >= *limit)),
        };
        let number = |name| results.get(name).map_or("-".into(), figure);
        let ratio = results.ratio(name, other).map_or("-".into(), |ratio| format!("{ratio:.3}"));
        let met = met.map_or("not measured", |met| if met { "met" } else { "**not met**" });
        let figures = format!("{} / {}", number(name), number(other));
        let _ = writeln!(
            table,
            "| {what} | {against} | {figures} | {ratio} | {sign} {limit:.2} | {met} |"
        );
    }
    table
}

/// A number with as many digits as say something.
fn figure(number: f64) -> String {
    match number.abs() {
        1000.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}
