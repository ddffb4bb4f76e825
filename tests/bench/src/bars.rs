//! The ratios that backstop is held to.

use std::fmt::Write as _;

use crate::results::Results;

struct Bar {
    what: &'static str,
    against: &'static str,
    figure: Figure,
    limit: Limit,
}

/// What is held against the limit, of numbers by their names.
enum Figure {
    Ratio(&'static str, &'static str),
    Plain(&'static str),
}

enum Limit {
    /// To be seen, and not held to.
    Open,
    AtMost(f64),
    AtLeast(f64),
}

use Figure::{Plain, Ratio};
use Limit::{AtLeast, AtMost, Open};

const BARS: &[Bar] = &[
    Bar {
        what: "instructions, success",
        against: "by hand, naively",
        figure: Ratio("instructions/success/attribute", "instructions/success/naive"),
        limit: AtMost(0.64),
    },
    Bar {
        what: "instructions, success",
        against: "by hand, same policy",
        figure: Ratio("instructions/success/attribute", "instructions/success/policy"),
        limit: AtMost(0.6),
    },
    Bar {
        what: "instructions, 3 headers, 3 query values, bearer",
        against: "by hand, naively",
        figure: Ratio("instructions/headers-query/attribute", "instructions/headers-query/naive"),
        limit: AtMost(0.7),
    },
    Bar {
        what: "instructions, POST of 1 KB of JSON",
        against: "by hand, naively",
        figure: Ratio("instructions/post/attribute", "instructions/post/naive"),
        limit: AtMost(0.7),
    },
    Bar {
        what: "instructions, 404 with its body",
        against: "by hand, naively",
        figure: Ratio("instructions/404/attribute", "instructions/404/naive"),
        limit: AtMost(0.66),
    },
    Bar {
        what: "instructions, 503, then 200",
        against: "by hand, naively",
        figure: Ratio("instructions/retry/attribute", "instructions/retry/naive"),
        limit: AtMost(0.7),
    },
    Bar {
        what: "instructions, 6 redirects",
        against: "by hand, naively",
        figure: Ratio("instructions/redirects/attribute", "instructions/redirects/naive"),
        limit: AtMost(0.6),
    },
    Bar {
        what: "instructions, 1 MB as bytes",
        against: "by hand, naively",
        figure: Ratio("instructions/bytes-1m/attribute", "instructions/bytes-1m/naive"),
        limit: AtMost(0.7),
    },
    Bar {
        what: "instructions, 1 GB as streams of 1 MB, for each",
        against: "by hand, naively",
        figure: Ratio("instructions/stream-1m/attribute", "instructions/stream-1m/naive"),
        limit: AtMost(1.05),
    },
    Bar {
        what: "instructions, 1 MB of JSON",
        against: "by hand, naively",
        figure: Ratio("instructions/json-1m/attribute", "instructions/json-1m/naive"),
        limit: AtMost(1.0),
    },
    Bar {
        what: "instructions, 64 KB of JSON in gzip",
        against: "by hand, naively",
        figure: Ratio("instructions/gzip-64k/attribute", "instructions/gzip-64k/naive"),
        limit: AtMost(1.0),
    },
    Bar {
        what: "instructions, 90 request headers",
        against: "by hand, naively",
        figure: Ratio("instructions/headers-90/attribute", "instructions/headers-90/naive"),
        limit: AtMost(0.95),
    },
    Bar {
        what: "instructions, success, over reqwest",
        against: "by hand, naively",
        figure: Ratio("instructions/success/attribute-over-reqwest", "instructions/success/naive"),
        limit: AtMost(0.947),
    },
    Bar {
        what: "instructions, with a subscriber that filters everything out",
        against: "without one",
        figure: Ratio("instructions/success/attribute-filtered", "instructions/success/attribute"),
        limit: AtMost(1.05),
    },
    Bar {
        what: "instructions, with a subscriber that has every span made and discards it",
        against: "without one",
        figure: Ratio("instructions/success/attribute-discarded", "instructions/success/attribute"),
        limit: Open,
    },
    Bar {
        what: "instructions, with OpenTelemetry's SDK, which samples nothing",
        against: "without one",
        figure: Ratio("instructions/success/attribute-unsampled", "instructions/success/attribute"),
        limit: Open,
    },
    Bar {
        what: "instructions, `{base}`",
        against: "literal host",
        figure: Ratio("instructions/at-base/attribute", "instructions/success/attribute"),
        limit: Open,
    },
    Bar {
        what: "instructions, a URL made as the program runs",
        against: "by hand, naively",
        figure: Ratio("instructions/at-url/attribute", "instructions/success/naive"),
        limit: Open,
    },
    Bar {
        what: "heap allocations, success",
        against: "",
        figure: Plain("allocations/success/attribute"),
        limit: AtMost(28.0),
    },
    Bar {
        what: "instructions, a fresh session per call",
        against: "shared session",
        figure: Ratio("instructions/fresh/attribute", "instructions/success/attribute"),
        limit: AtMost(1.5),
    },
    Bar {
        what: "requests a second, 64 in flight",
        against: "by hand, naively",
        figure: Plain("rate-ratio/64/attribute"),
        limit: AtLeast(1.2),
    },
    Bar {
        what: "requests a second, 64 in flight",
        against: "aiohttp, one session",
        figure: Ratio("rate/64/attribute", "rate/64/aiohttp"),
        limit: AtLeast(9.0),
    },
    Bar {
        what: "resident KiB for each call in flight",
        against: "by hand, naively",
        figure: Ratio("resident/attribute", "resident/naive"),
        limit: AtMost(0.9),
    },
    Bar {
        what: "bytes of the returned future",
        against: "by hand, naively",
        figure: Ratio("future/attribute", "future/naive"),
        limit: AtMost(0.3),
    },
    Bar {
        what: "ms of `cargo check` per function, simple",
        against: "by hand, naively",
        figure: Ratio("check/simple/attribute", "check/simple/hand"),
        limit: AtMost(0.65),
    },
    Bar {
        what: "the same, three arms and cleanup",
        against: "by hand",
        figure: Ratio("check/handled/attribute", "check/handled/hand"),
        limit: AtMost(0.5),
    },
    Bar {
        what: "the same, 500 methods in ten groups",
        against: "single attributes",
        figure: Ratio("check/shared/grouped", "check/shared/single"),
        limit: AtMost(0.9),
    },
    Bar {
        what: "s of `cargo check` after an edit, 500 functions",
        against: "by hand, naively",
        figure: Ratio("touch/simple/attribute", "touch/simple/hand"),
        limit: AtMost(0.9),
    },
    Bar {
        what: "s of a release build, 500 functions",
        against: "by hand, naively",
        figure: Ratio("release/attribute", "release/hand"),
        limit: AtMost(0.6),
    },
    Bar {
        what: "bytes of that program, stripped",
        against: "by hand, naively",
        figure: Ratio("size/attribute", "size/hand"),
        limit: AtMost(0.75),
    },
    Bar {
        what: "the same, with a type for each function",
        against: "by hand, naively",
        figure: Ratio("size/attribute-typed", "size/hand-typed"),
        limit: Open,
    },
    Bar {
        what: "s of a build from nothing, dependencies, without TLS",
        against: "reqwest and serde",
        figure: Ratio("cold/attribute", "cold/hand"),
        limit: Open,
    },
    Bar {
        what: "calls a second under a script, in one thread",
        against: "",
        figure: Plain("scripted/calls"),
        limit: AtLeast(10_000.0),
    },
    Bar {
        what: "ms of expansion per attribute, macros optimised",
        against: "`#[tracing::instrument]`",
        figure: Ratio("expansion/attribute", "expansion/traced"),
        limit: AtMost(0.4),
    },
    Bar {
        what: "lines of the expansion of a simple function",
        against: "",
        figure: Plain("lines/attribute"),
        limit: AtMost(25.0),
    },
    Bar {
        what: "crates added to reqwest, serde, serde_json, tokio, thiserror",
        against: "",
        figure: Plain("crates/added"),
        limit: AtMost(8.0),
    },
];

/// Each bar with its figure, and whether it is met.
pub(crate) fn table(results: &Results) -> String {
    let mut table =
        String::from("| what | against | figures | result | bar | |\n|---|---|---|---|---|---|\n");
    let number = |name| results.get(name).map_or("-".into(), figure);
    for Bar { what, against, figure, limit } in BARS {
        let (figures, result) = match figure {
            Ratio(name, other) => {
                (format!("{} / {}", number(name), number(other)), results.ratio(name, other))
            }
            Plain(name) => (number(name), results.get(name)),
        };
        let (bar, met) = match limit {
            AtMost(limit) => (format!("≤ {limit}"), result.map(|result| result <= *limit)),
            AtLeast(limit) => (format!("≥ {limit}"), result.map(|result| result >= *limit)),
            Open => (String::new(), None),
        };
        let met = match (met, result) {
            (_, None) => "not measured",
            (Some(true), _) => "met",
            (Some(false), _) => "**not met**",
            (None, _) => "",
        };
        let result = result.map_or("-".into(), |result| format!("{result:.3}"));
        let _ = writeln!(table, "| {what} | {against} | {figures} | {result} | {bar} | {met} |");
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
