//! Compares the GitHub example with the attribute and by hand.

#![allow(clippy::duplicate_mod, reason = "both programs have the same servers")]

#[expect(dead_code, reason = "its `main` is not run")]
#[path = "../github.rs"]
mod github;
#[expect(dead_code, reason = "as above")]
#[path = "../github_by_hand.rs"]
mod github_by_hand;

use std::collections::BTreeMap;

const EXPECTED: &str = "\
#1 It fails
#2 It fails
#3 It fails
a missing issue: None
opened #9, closed #9
ada: true, bob: false
changed: None, Some(\"a repository\")
labels are at \"7\"
dispatched: 204 No Content
stored a+b.zip, 64 bytes; Design for failure.
";

#[tokio::test]
async fn both_programs_have_the_same_output() {
    assert_eq!(github::report().await.expect("an answer"), EXPECTED);
    assert_eq!(github_by_hand::report().await.expect("an answer"), EXPECTED);
}

/// The number of lines with code.
fn lines(text: &str) -> usize {
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//");
    text.lines().map(str::trim).filter(is_code).count()
}

/// The number of lines of the types, of the operations, of the program, and in total.
fn parts(source: &str) -> [usize; 4] {
    let (types, rest) = source.split_once("\nstruct Repo").expect("the client");
    let (client, program) = rest.split_once("#[tokio::main]").expect("the program");
    [lines(types), lines(client), 1 + lines(program), lines(source)]
}

#[test]
fn the_document_has_the_right_line_counts() {
    let with = parts(include_str!("../github.rs"));
    let by_hand = parts(include_str!("../github_by_hand.rs"));
    let document = include_str!("../../docs/by_hand.md");
    let rows: BTreeMap<&str, [usize; 2]> = document
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, what, with, by_hand, _] = cells[..] else { return None };
            Some((what.split(':').next()?, [with.parse().ok()?, by_hand.parse().ok()?]))
        })
        .collect();
    let names = ["types", "the client and its operations", "the program", "all"];
    for (name, counted) in names.into_iter().zip(with.into_iter().zip(by_hand)) {
        assert_eq!(rows.get(name), Some(&counted.into()), "{name}");
    }
    assert!(include_str!("../github.rs").lines().count() < 150, "an example that fits a page");
}
