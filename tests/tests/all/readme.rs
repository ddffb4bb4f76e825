//! The README and the other documents at the root match the code.

use std::{fs, path::Path};

fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).expect(path)
}

/// The README shows the expansion of the function above it.
#[test]
fn the_expansion_matches_the_snapshot() {
    let (readme, snapshot) = (file("README.md"), file("macros/core/tests/expand/arms.rs"));
    let (source, expansion) = snapshot.split_once("\n\n").expect("a source and an expansion");
    for line in source.lines() {
        let line = line.trim_start_matches("//").trim();
        assert!(readme.contains(line), "the README's function has no line `{line}`");
    }
    assert!(readme.contains(expansion.trim()), "the README shows another expansion:\n{expansion}");
}

/// The table of errors has every leaf.
#[test]
fn the_tree_of_errors_is_complete() {
    let (readme, kinds) = (file("README.md"), file("runtime/src/error/kind.rs"));
    let mut class = None;
    let mut leaves = 0;
    for line in kinds.lines() {
        if let Some(name) = line.strip_prefix("pub enum ") {
            class = name.trim_end_matches(" {").strip_suffix("Error");
        } else if line == "}" {
            class = None;
        } else if let (Some(class), Some(leaf)) = (class, line.strip_suffix(','))
            && leaf.trim().chars().all(char::is_alphanumeric)
        {
            let row = readme.lines().find(|row| row.starts_with(&format!("| `{class}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for {class}"));
            assert!(
                row.contains(&format!("`{}`", leaf.trim())),
                "{class} has {}: {row}",
                leaf.trim()
            );
            leaves += 1;
        }
    }
    assert_eq!(leaves, 36, "every leaf");
    let says = format!("{} leaves, one for each fault", backstop::ErrorKind::all().count());
    assert!(readme.contains(&says), "the comparison does not say {says}");
}

/// Every row of "I want to …" on the front page of the documentation has a link.
#[test]
fn every_job_of_the_front_page_is_a_link() {
    let page = file("runtime/docs/crate.md");
    let (_, jobs) = page.split_once("| I want to … |").expect("a table of tasks");
    let rows: Vec<&str> = jobs.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 30, "{} jobs", rows.len());
    for row in rows {
        assert!(row.contains("[`") || row.contains("]("), "no link in {row}");
    }
}

/// The code in the walk is part of the tested program.
#[test]
fn the_walk_shows_the_tested_program() {
    let walk = file("docs/walk.md");
    let program = file("examples/tests/shop/shop.rs") + &file("examples/tests/shop/main.rs");
    let mut shown = 0;
    for block in walk.split("```rust\n").skip(1) {
        let code = block.split("```").next().unwrap_or_default();
        assert!(program.contains(code), "the program has no\n{code}");
        shown += 1;
    }
    assert!(shown > 5, "{shown} pieces");
}

/// The line counts of the program, and of the same program by hand.
#[test]
fn the_line_counts_of_the_walk_are_correct() {
    let count = |path| {
        let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        file(path).lines().filter(code).count()
    };
    let walk = file("docs/walk.md");
    for (what, here, by_hand) in [
        ("program", "examples/tests/shop/shop.rs", "tests/walk/src/lib.rs"),
        ("tests", "examples/tests/shop/main.rs", "tests/walk/tests/shop.rs"),
    ] {
        let row = format!("| {what} | {} | {} |", count(here), count(by_hand));
        assert!(walk.contains(&row), "the walk does not say {row}");
    }
}
