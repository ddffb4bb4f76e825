//! The fault lab: every fault has exactly one kind.

use std::{fs, path::Path};

use backstop_tests::lab::{Lab, Transport};

#[test]
fn every_expectation_has_a_case_and_every_departure_a_reason() {
    let lab = Lab::new().expect("cases and expectations");
    let mistakes = lab.mistakes();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

/// Runs all cases concurrently, because they mostly wait.
async fn hold_every_fault_against_its_expectation(transport: Transport) {
    let lab = Lab::new().expect("cases and expectations");
    let summary = lab.run("", 32, transport).await;
    let differs: Vec<String> = summary
        .differences()
        .map(|report| format!("{}: {}; {}", report.id, report.differs.join("; "), report.message))
        .collect();
    assert!(differs.is_empty(), "{} differ:\n{}", differs.len(), differs.join("\n"));
    assert_eq!((summary.count("panic"), summary.count("hang"), summary.count("unfit")), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_its_expected_kind() {
    hold_every_fault_against_its_expectation(Transport::Direct).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_the_same_kind_over_reqwest() {
    hold_every_fault_against_its_expectation(Transport::Reqwest).await;
}

/// A text in the repository, and its expected content.
struct Generated {
    path: &'static str,
    kept: String,
    made: String,
}

impl Generated {
    /// The part of a file from its first line up to an empty line, or the whole file.
    fn new(path: &'static str, text: String, is_table: bool) -> Self {
        let kept = fs::read_to_string(at(path)).expect(path);
        let made = match (is_table, text.split_once('\n')) {
            (true, Some((head, _))) => {
                let start = kept.find(head).unwrap_or_else(|| panic!("no `{head}` in {path}"));
                let end = kept[start..].find("\n\n").map_or(kept.len(), |end| start + end + 1);
                format!("{}{text}{}", &kept[..start], &kept[end..])
            }
            _ => text,
        };
        Self { path, kept, made }
    }
}

fn at(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// reqwest's answers match the recorded ones, and the tables that compare them and aiohttp with our kinds
/// are up to date. `BLESS=1 cargo test -p backstop-tests` regenerates both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_match_the_clients_answers() {
    let lab = Lab::new().expect("cases and expectations");
    let bless = std::env::var_os("BLESS").is_some();
    let answers = lab.answers("", 32).await;
    if bless {
        let text = serde_json::to_string_pretty(&answers).expect("answers") + "\n";
        fs::write(at("tests/faults/reqwest.json"), text).expect("a file of answers");
    } else {
        let ids = answers.keys().chain(lab.kept_answers().keys());
        for id in ids {
            let (given, kept) = (answers.get(id), lab.kept_answers().get(id));
            assert_eq!(given, kept, "{id}: reqwest has changed: look at it, then run with BLESS=1");
        }
    }
    let comparison = lab.compare(&answers);
    let tables = [
        Generated::new("runtime/docs/faults.md", comparison.document(), false),
        Generated::new("README.md", comparison.summary(), true),
    ];
    for Generated { path, kept, made } in tables {
        if bless {
            fs::write(at(path), made).expect(path);
        } else {
            assert_eq!(made, kept, "{path} has changed: look at it, then run with BLESS=1");
        }
    }
    let readme = fs::read_to_string(at("README.md")).expect("a README");
    // A sentence may continue on the next line.
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    for (predicate, says) in [("is_request", "for {} leaves"), ("is_decode", "for {} more")] {
        let says = says.replace("{}", &comparison.leaves_behind(predicate).to_string());
        let says = format!("only `{predicate}` {says}");
        assert!(readme.contains(&says), "the README does not say: {says}");
    }
    let cases = format!("{} faults", lab.size());
    assert!(readme.contains(&cases), "the README has another count than {cases}");
}

/// Cases from outside the lab may request anything: a case that cannot run reports why, and the
/// others run.
#[tokio::test]
async fn a_case_that_cannot_run_does_not_stop_the_others() {
    let case = |id: &str, step: &str| {
        let server =
            format!(r#"{{"main":{{"kind":"script","connections":[[{{"do":"{step}"}}]]}}}}"#);
        let client = r#"{"method":"GET","url":"http://${main}/","read":"bytes"}"#;
        format!(r#"{{"id":"{id}","phase":"head","server":{server},"client":{client}}}"#)
    };
    let cases =
        format!(r#"{{"cases":[{},{}]}}"#, case("new.dance", "dance"), case("new.end", "fin"));
    let summary = Lab::of(&cases).expect("cases").run("new.", 2, Transport::Direct).await;
    let outcomes: Vec<&str> = summary.reports.iter().map(|report| &*report.outcome).collect();
    assert_eq!(outcomes.len(), 2);
    assert_eq!(outcomes[0], "unfit");
    assert!(outcomes[1].starts_with("disconnected."), "{outcomes:?}");
    assert_eq!(summary.differences().count(), 0, "nothing was expected");
}
