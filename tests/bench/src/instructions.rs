//! Instructions and heap allocations per request: the difference of two runs of different length,
//! so that starting up and connecting cancel out.

use crate::{
    process::{self, Result, Server},
    results::Results,
};

/// Each case, and its clients.
pub(crate) const CASES: &[(&str, &[&str])] = &[
    (
        "success",
        &[
            "attribute",
            "attribute-over-reqwest",
            "attribute-filtered",
            "attribute-discarded",
            "attribute-unsampled",
            "naive",
            "policy",
            "middleware",
            "feignhttp",
            "hyper-util",
        ],
    ),
    ("404", &["attribute", "naive", "policy", "middleware", "feignhttp", "hyper-util"]),
    ("retry", &["attribute", "naive", "policy", "middleware", "feignhttp", "hyper-util"]),
    ("handled", &["attribute"]),
    ("based", &["attribute"]),
    ("every-key", &["attribute", "naive", "policy"]),
    ("fresh", &["attribute"]),
    ("headers-query", &["attribute", "naive"]),
    ("headers-90", &["attribute", "naive"]),
    ("post", &["attribute", "naive"]),
    ("redirects", &["attribute", "naive"]),
    ("bytes-1m", &["attribute", "naive"]),
    ("stream-1m", &["attribute", "naive"]),
    ("json-1m", &["attribute", "naive"]),
    ("gzip-64k", &["attribute", "naive"]),
    ("at-base", &["attribute"]),
    ("at-url", &["attribute"]),
];

/// How many requests the longer run makes more than the shorter one.
fn lengths(quick: bool) -> (u64, u64) {
    if quick { (100, 300) } else { (500, 1500) }
}

/// What a subscriber of `tracing` costs a call, beside a call without one.
const AROUND: &[(&str, &[&str])] = &[(
    "success",
    &["attribute", "attribute-filtered", "attribute-discarded", "attribute-unsampled"],
)];

pub(crate) fn measure(results: &mut Results, quick: bool) -> Result<()> {
    measure_cases(CASES, results, quick)
}

/// Measures what subscribers cost alone, which needs none of the peers.
pub(crate) fn measure_around(results: &mut Results, quick: bool) -> Result<()> {
    measure_cases(AROUND, results, quick)
}

fn measure_cases(cases: &[(&str, &[&str])], results: &mut Results, quick: bool) -> Result<()> {
    if !process::is_here("valgrind") {
        eprintln!("instructions and allocations: valgrind is not here");
        return Ok(());
    }
    let _server = Server::start()?;
    let (short, long) = lengths(quick);
    for (case, clients) in cases {
        for client in *clients {
            let shorter = process::counted(client, case, short)?;
            let longer = process::counted(client, case, long)?;
            let requests = (long - short) as f64;
            let per_request = |long: i64, short: i64| (long - short) as f64 / requests;
            let counts = [
                ("instructions", longer.instructions, shorter.instructions),
                ("allocations", longer.allocations(), shorter.allocations()),
                ("reallocations", longer.reallocations(), shorter.reallocations()),
            ];
            for (what, long, short) in counts {
                results.set(&format!("{what}/{case}/{client}"), per_request(long, short));
            }
        }
    }
    Ok(())
}

/// Prints what each function does for a request, with all that it calls, and who allocates and
/// copies.
pub(crate) fn profile(client: &str, case: &str) -> Result<()> {
    let _server = Server::start()?;
    let (short, long) = lengths(false);
    let shorter = process::counted(client, case, short)?;
    let longer = process::counted(client, case, long)?;
    let requests = (long - short) as f64;
    println!("{:>12} {:>10} {:>7}  function", "with callees", "own", "calls");
    for (inclusive, own, calls, name) in longer.profile(&shorter, requests) {
        if inclusive >= 50.0 {
            println!("{inclusive:>12.0} {own:>10.0} {calls:>7.2}  {name}");
        }
    }
    for function in ["__rustc::__rust_alloc", "__rustc::__rust_realloc", COPY] {
        println!("\n{:>7}  callers of {function}", "calls");
        for (calls, name) in longer.callers(function, &shorter, requests) {
            if calls >= 0.5 {
                println!("{calls:>7.2}  {name}");
            }
        }
    }
    Ok(())
}

/// What `memcpy` is with glibc on a processor of today.
const COPY: &str = "__memcpy_avx_unaligned_erms";
