//! Each file in the folders beside this one is a mistake, and its `.stderr` what is said of it.
//!
//! `TRYBUILD=overwrite cargo test -p backstop-ui-tests` writes them anew: read them as one who made
//! the mistake would.

use std::{fs, path::Path};

#[test]
fn cases() {
    // No case that compiles: one would have all of them built, where they are only checked.
    trybuild::TestCases::new().compile_fail("*/*.rs");
}

/// The mistakes for which there is no smaller place.
const ALL_OF_IT: [&str; 3] = [
    // What is missing is nowhere.
    "keys/method_missing",
    "keys/nothing",
    // The second attribute is what is to be removed.
    "function/twice",
];

/// What a message of ours ends in: what to do about it.
const ADVICE: [&str; 16] = [
    "write ",
    "remove ",
    "did you mean ",
    "keep one of them",
    "name the type",
    "add ",
    "leave ",
    "put ",
    "begin at ",
    "change ",
    "give it ",
    "handle the error here",
    "pass the value in",
    "the keys are ",
    "such as ",
    "take a `Response`",
];

/// What is no business of the user's.
const INNER: [&str; 9] = [
    "__private",
    "no_outcome",
    "Deref",
    "autoderef",
    "probing",
    "E0282",
    "into_outcome",
    "from_failure`",
    "`Finally",
];

/// The longest of them, its empty lines included: a page is not read.
const LONGEST: usize = 34;

#[test]
fn messages() {
    let mut seen = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for subject in fs::read_dir(folder).expect("the folder of the cases").flatten() {
        let Ok(files) = fs::read_dir(subject.path()) else { continue };
        for path in files.flatten().map(|file| file.path()) {
            if path.extension().is_some_and(|extension| extension == "stderr") {
                let source = path.with_extension("rs");
                assert!(source.exists(), "{} belongs to no case: remove it", path.display());
                let text = |path: &Path| fs::read_to_string(path).expect("a text");
                let name = source.strip_prefix(folder).unwrap_or(&source).with_extension("");
                message(&name.to_string_lossy(), &text(&source), &text(&path));
                seen += 1;
            }
        }
    }
    assert!(seen >= 250, "{seen} mistakes");
}

fn message(name: &str, source: &str, said: &str) {
    // `// 3 mistakes`, in the first line of a case that makes several.
    let several = source.strip_prefix("// ").and_then(|line| line.split_once(" mistakes\n"));
    let expected = several.map_or(1, |(count, _)| count.parse().expect("a number"));
    let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(errors.len(), expected, "{name} has other errors than mistakes:\n{said}");
    assert_eq!(name.starts_with("together/"), several.is_some(), "{name} is in another folder");
    assert!(!said.contains("\nwarning"), "{name} warns:\n{said}");

    for error in errors {
        let ours = error.strip_prefix("error: ").filter(|text| !is_rustc_s(text));
        if let Some(text) = ours {
            assert!(
                ADVICE.iter().any(|advice| text.contains(advice)),
                "{name} advises nothing:\n{said}"
            );
            assert!(!text.ends_with('.'), "{name} ends in a full stop:\n{said}");
        }
    }
    for inner in INNER {
        assert!(!said.contains(inner), "{name} speaks of `{inner}`:\n{said}");
    }
    assert!(said.lines().count() <= LONGEST, "{name} is a page:\n{said}");
    let whole = underlines_the_attribute(said);
    assert_eq!(whole, ALL_OF_IT.contains(&name), "{name} points at all of the attribute:\n{said}");
}

/// Lints, and the few errors of rustc that have no code.
fn is_rustc_s(text: &str) -> bool {
    [
        "unreachable ",
        "unused ",
        "future cannot be sent",
        "lifetime may not",
        "cannot find attribute",
    ]
    .iter()
    .any(|begin| text.starts_with(begin))
        || text.starts_with("expected one of")
}

/// Whether a line of carets begins under the `#` of the attribute.
fn underlines_the_attribute(said: &str) -> bool {
    let lines: Vec<Vec<char>> = said.lines().map(|line| line.chars().collect()).collect();
    lines.windows(2).any(|pair| {
        let attribute: Vec<char> = "#[request".chars().collect();
        let at = pair[0].windows(attribute.len()).position(|part| part == attribute);
        at.is_some_and(|at| pair[1].get(at) == Some(&'^'))
    })
}

/// Each function of `check/` that reports a mistake names the cases that show it, in its docs.
#[test]
fn rules_name_their_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for file in fs::read_dir(folder.join("../../macros/core/src/check")).expect("rules").flatten() {
        let text = fs::read_to_string(file.path()).expect("a text");
        for item in text.split("\n\n").filter(|item| item.starts_with("///")) {
            let docs = item.lines().take_while(|line| line.starts_with("///"));
            let docs = docs.map(|line| line.trim_start_matches("///")).collect::<String>();
            let signature = item.split('{').next().unwrap_or_default();
            let reports = signature.contains("fn ") && signature.contains("&mut Errors");
            let Some((_, cases)) = docs.split_once("UI: ") else {
                let only_asks_others = signature.contains("fn check(");
                assert!(!reports || only_asks_others, "no case shows this:\n{item}");
                continue;
            };
            for case in cases.split('`').skip(1).step_by(2) {
                assert!(folder.join(case).with_extension("stderr").exists(), "there is no {case}");
                named += 1;
            }
        }
    }
    assert!(named > 40, "{named} cases are named");
}

#[test]
fn what_underlines_the_attribute_is_seen() {
    let said = "error: x\n 4 | #[request(get = 1)]\n   | ^^^^^^^^^^^^^^^^^^^\n";
    assert!(underlines_the_attribute(said));
    assert!(!underlines_the_attribute(&said.replace("| ^", "|  ")));
}
