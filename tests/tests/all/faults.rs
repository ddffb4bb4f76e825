//! The fault lab: what can go wrong, each with its one kind.

use backstop_tests::lab::Lab;

#[test]
fn every_expectation_has_a_case_and_every_departure_a_reason() {
    let lab = Lab::new().expect("cases and expectations");
    let mistakes = lab.mistakes();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

/// Runs them all at once: most of their time is waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_told_as_what_it_is() {
    let lab = Lab::new().expect("cases and expectations");
    let summary = lab.run("", 32).await;
    let differs: Vec<String> = summary
        .differences()
        .map(|report| format!("{}: {}; {}", report.id, report.differs.join("; "), report.message))
        .collect();
    assert!(differs.is_empty(), "{} differ:\n{}", differs.len(), differs.join("\n"));
    assert_eq!((summary.count("panic"), summary.count("hang"), summary.count("unfit")), (0, 0, 0));
}

/// Cases that are not this lab's may ask for anything: one that cannot be run says so, and the
/// others run.
#[tokio::test]
async fn a_case_that_cannot_be_run_stops_no_other() {
    let case = |id: &str, step: &str| {
        let server =
            format!(r#"{{"main":{{"kind":"script","connections":[[{{"do":"{step}"}}]]}}}}"#);
        let client = r#"{"method":"GET","url":"http://${main}/","read":"bytes"}"#;
        format!(r#"{{"id":"{id}","phase":"head","server":{server},"client":{client}}}"#)
    };
    let cases =
        format!(r#"{{"cases":[{},{}]}}"#, case("new.dance", "dance"), case("new.end", "fin"));
    let summary = Lab::of(&cases).expect("cases").run("new.", 2).await;
    let outcomes: Vec<&str> = summary.reports.iter().map(|report| &*report.outcome).collect();
    assert_eq!(outcomes.len(), 2);
    assert_eq!(outcomes[0], "unfit");
    assert!(outcomes[1].starts_with("disconnected."), "{outcomes:?}");
    assert_eq!(summary.differences().count(), 0, "nothing was expected");
}
