//! What 500 functions cost to compile, annotated against written by hand.
//!
//! The crates are generated, and share one target directory, so that what they depend on is built
//! once; without TLS, which is the same whoever writes the functions. The command of rustc is taken
//! from cargo and run alone: what is measured is the processor time of that process,
//! `(500 functions - 1 function) / 499`.

mod crates;
mod rustc;

use std::{fs, path::Path};

use self::{
    crates::{MANY, generate, name},
    rustc::{Rustc, in_workspace, processor_time},
};
use crate::{
    process::{Result, output},
    results::Results,
    throughput::median,
};

/// `cargo check`, and what comes with the dependency.
pub(crate) fn checks(results: &mut Results, quick: bool) -> Result<()> {
    let root = generate()?;
    count_crates(results, &root)?;
    let rounds = if quick { 1 } else { 5 };
    for kind in ["simple", "handled"] {
        check(results, &root, kind, ["attribute", "hand"], rounds)?;
    }
    check(results, &root, "shared", ["grouped", "single"], rounds)
}

/// What the macro takes, and makes.
pub(crate) fn expansions(results: &mut Results, quick: bool) -> Result<()> {
    let root = generate()?;
    for who in ["attribute", "traced"] {
        expansion(results, &root, who, if quick { 3 } else { 9 })?;
    }
    Ok(())
}

/// The release build.
pub(crate) fn releases(results: &mut Results, quick: bool) -> Result<()> {
    release(results, &generate()?, if quick { 1 } else { 3 })
}

/// The processor time of a build from nothing, of all that a program depends on, in seconds. Without
/// TLS, of which the C code alone takes longer than all the rest.
pub(crate) fn cold(results: &mut Results, quick: bool) -> Result<()> {
    let root = generate()?;
    let target = root.join("target/cold");
    let hands = ["attribute", "hand"];
    let mut times = [(); 2].map(|()| Vec::new());
    for _ in 0..if quick { 1 } else { 3 } {
        for (who, times) in hands.iter().zip(&mut times) {
            let package = format!("cold-{who}");
            let mut build = in_workspace(&root, &["build", "--quiet", "--package", &package]);
            times.push(processor_time(build.env("CARGO_TARGET_DIR", &target))?);
            fs::remove_dir_all(&target)?;
        }
    }
    for (who, times) in hands.iter().zip(times) {
        results.set(&format!("cold/{who}"), median(times));
    }
    Ok(())
}

/// How many crates come with backstop that a program does not have already.
fn count_crates(results: &mut Results, root: &Path) -> Result<()> {
    let mut counts = Vec::new();
    for name in ["plain", "added"] {
        let mut tree = in_workspace(root, &["tree", "-p", name, "-e", "normal,build"]);
        let tree = output(tree.args(["--prefix", "none", "--format", "{p}", "--no-dedupe"]))?;
        let mut crates: Vec<&str> =
            tree.lines().map(|line| line.split(" (").next().unwrap_or(line)).collect();
        crates.sort_unstable();
        crates.dedup();
        // Its own name is no dependency.
        counts.push(crates.len() as f64 - 1.0);
    }
    results.set("crates/plain", counts[0]);
    results.set("crates/added", counts[1] - counts[0]);
    Ok(())
}

/// `cargo check`, from nothing and after an edit of one function.
fn check(
    results: &mut Results,
    root: &Path,
    kind: &str,
    hands: [&str; 2],
    rounds: u32,
) -> Result<()> {
    let mut cold = [(); 2].map(|()| Vec::new());
    let mut touched = [(); 2].map(|()| Vec::new());
    let mut commands = Vec::new();
    for who in hands {
        for functions in [1, MANY] {
            commands.push(Rustc::of(root, &["check"], &name(&format!("{kind}-{who}"), functions))?);
        }
    }
    for round in 0..rounds {
        for (who, pair) in commands.chunks(2).enumerate() {
            let [one, many] = pair else { continue };
            let difference = many.without_incremental().run()? - one.without_incremental().run()?;
            cold[who].push(difference / (MANY - 1) as f64 * 1000.0);
            many.edit(2 * round)?;
            many.run()?;
            many.edit(2 * round + 1)?;
            touched[who].push(many.run()?);
        }
    }
    for (who, (cold, touched)) in hands.iter().zip(cold.into_iter().zip(touched)) {
        results.set(&format!("check/{kind}/{who}"), median(cold));
        results.set(&format!("touch/{kind}/{who}"), median(touched));
    }
    Ok(())
}

/// The time that rustc spends on expanding macros, in milliseconds for each function, and what it
/// makes of them. The least of several runs: it is wall time, which only grows with what else the
/// machine does.
fn expansion(results: &mut Results, root: &Path, who: &str, rounds: u32) -> Result<()> {
    let mut least = [f64::INFINITY; 2];
    for (least, functions) in least.iter_mut().zip([1, MANY]) {
        let check = &["check", "--profile", "optimised"];
        let rustc = Rustc::of(root, check, &name(&format!("simple-{who}"), functions))?;
        let rustc = rustc.without_incremental();
        for _ in 0..rounds {
            let passes = rustc.unstable("-Ztime-passes -Ztime-passes-format=json")?;
            let pass = passes.lines().find(|line| line.contains("\"macro_expand_crate\""));
            let time = pass.and_then(|pass| number_after(pass, "\"time\":"));
            *least = least.min(time.ok_or("rustc does not say how long it expanded macros")?);
        }
        if functions == MANY {
            let stats = rustc.unstable("-Zmacro-stats")?;
            let attribute = if who == "attribute" { "request]" } else { "instrument]" };
            let line = stats.lines().find(|line| line.contains(attribute));
            let numbers: Vec<f64> = line
                .ok_or("rustc does not say what it expanded")?
                .split_whitespace()
                .filter_map(|word| word.replace(['_', ','], "").parse().ok())
                .collect();
            let [uses, lines, _, bytes, _] = numbers[..] else {
                return Err(format!("rustc says of an expansion: {line:?}").into());
            };
            results.set(&format!("lines/{who}"), lines / uses);
            results.set(&format!("bytes/{who}"), bytes / uses);
        }
    }
    results.set(&format!("expansion/{who}"), (least[1] - least[0]) / (MANY - 1) as f64 * 1000.0);
    Ok(())
}

fn number_after(text: &str, key: &str) -> Option<f64> {
    let rest = text[text.find(key)? + key.len()..].trim_start();
    let end = rest.find(|digit: char| !digit.is_ascii_digit() && !"+-.e".contains(digit));
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// The release build of a program of 500 functions: processor time, and its size when stripped. Of
/// functions that all read one type, and of functions with a type each.
fn release(results: &mut Results, root: &Path, rounds: u32) -> Result<()> {
    let hands = ["attribute", "hand"];
    let mut times = [(); 2].map(|()| Vec::new());
    let mut commands = Vec::new();
    for who in hands {
        for (kind, functions, suffix) in
            [("simple", 1, "-1"), ("typed", MANY, "-typed"), ("simple", MANY, "")]
        {
            let name = name(&format!("{kind}-{who}"), functions);
            let rustc = Rustc::of(root, &["build", "--release"], &name)?;
            let size = fs::metadata(root.join("target/release").join(&name))?.len();
            results.set(&format!("size/{who}{suffix}"), size as f64);
            if (kind, functions) == ("simple", MANY) {
                commands.push(rustc);
            }
        }
    }
    for _ in 0..rounds {
        for (times, rustc) in times.iter_mut().zip(&commands) {
            times.push(rustc.run()?);
        }
    }
    for (who, times) in hands.iter().zip(times) {
        results.set(&format!("release/{who}"), median(times));
    }
    Ok(())
}
