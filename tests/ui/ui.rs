//! Each file in the folders beside this one contains a mistake. Its `.stderr` is the compiler's output.
//!
//! `TRYBUILD=overwrite cargo test -p backstop-ui-tests` writes the outputs. Read them as a user who
//! made the mistake.

use std::{fs, path::Path};

#[test]
fn every_mistake_has_the_output_in_its_stderr() {
    // No case compiles: with one that does, trybuild would build all of them instead of checking them.
    trybuild::TestCases::new().compile_fail("*/*.rs");
}

/// The mistakes that are reported at the whole attribute.
const AT_THE_ATTRIBUTE: [&str; 4] = [
    // A missing key has no place of its own.
    "keys/method_missing",
    "keys/no_arguments",
    // The second attribute is the mistake.
    "function/two_requests",
    "group/two_requests_on_a_function",
];

/// Each message of the macro contains one of these: it says what to do.
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

/// Names of internals, which no message contains.
const INNER: [&str; 10] = [
    "__private",
    "type_hint",
    "Deref",
    "autoderef",
    "probing",
    "E0282",
    "into_outcome",
    "from_failure`",
    "`Finally<",
    "by_type",
];

/// The maximal number of lines of an output.
const LONGEST: usize = 34;

#[test]
fn every_message_gives_advice_at_the_mistake() {
    let mut seen = 0;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for subject in fs::read_dir(folder).expect("the folder of the cases").flatten() {
        let Ok(files) = fs::read_dir(subject.path()) else { continue };
        for path in files.flatten().map(|file| file.path()) {
            if path.extension().is_some_and(|extension| extension == "stderr") {
                let source = path.with_extension("rs");
                assert!(source.exists(), "{} has no source: remove it", path.display());
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
    assert_eq!(errors.len(), expected, "{name} has more or fewer errors than mistakes:\n{said}");
    assert_eq!(name.starts_with("together/"), several.is_some(), "{name} is in the wrong folder");
    assert!(!said.contains("\nwarning"), "{name} warns:\n{said}");

    for error in errors {
        let ours = error.strip_prefix("error: ").filter(|text| !is_of_rustc(text));
        if let Some(text) = ours {
            assert!(
                ADVICE.iter().any(|advice| text.contains(advice)),
                "{name} gives no advice:\n{said}"
            );
            assert!(!text.ends_with('.'), "{name} ends in a full stop:\n{said}");
        }
    }
    for inner in INNER {
        assert!(!said.contains(inner), "{name} mentions `{inner}`:\n{said}");
    }
    assert!(said.lines().count() <= LONGEST, "{name} is too long:\n{said}");
    let whole = underlines_the_attribute(said);
    assert_eq!(
        whole,
        AT_THE_ATTRIBUTE.contains(&name),
        "{name} points at all of the attribute:\n{said}"
    );
}

/// Whether an error is a lint, or one of rustc's errors without a code.
fn is_of_rustc(text: &str) -> bool {
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

#[test]
fn every_rule_of_check_names_its_cases() {
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
                assert!(!reports || only_asks_others, "no case for this rule:\n{item}");
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
fn carets_under_the_attribute_are_recognized() {
    let said = "error: x\n 4 | #[request(get = 1)]\n   | ^^^^^^^^^^^^^^^^^^^\n";
    assert!(underlines_the_attribute(said));
    assert!(!underlines_the_attribute(&said.replace("| ^", "|  ")));
}
