//! The attribute has a key or a form for every method of `Request`.

use std::collections::BTreeSet;

use super::split;
use crate::args::{KEYS, METHODS};

/// How the attribute expresses a method of `Request`.
enum Said {
    /// By these keys, in a function with these arguments.
    By(&'static str, &'static str),
    /// By the type of the return value or of a `#[response]` argument.
    ByType,
    /// By a call in the expansion of a function with these handlers.
    ByHandlers(&'static str),
    /// As in the row of another method.
    As(&'static str),
}
use Said::{As, By, ByHandlers, ByType};

/// Every public method of `Request`, in the order of its source.
const TABLE: &[(&str, Said)] = &[
    ("new", As("get")),
    ("method", By(r#"method("PURGE") = "/""#, "()")),
    ("get", By(r#"get = "/""#, "()")),
    ("post", By(r#"post = "/""#, "()")),
    ("put", By(r#"put = "/""#, "()")),
    ("patch", By(r#"patch = "/""#, "()")),
    ("delete", By(r#"delete = "/""#, "()")),
    ("head", By(r#"head = "/""#, "()")),
    ("options", By(r#"options = "/""#, "()")),
    ("base", By(r#"get = "{base}/""#, "(base: &str)")),
    ("path", By(r#"get = "/{id}""#, "(id: u8)")),
    ("path_segments", By(r#"get = "/{*rest}""#, "(rest: &str)")),
    ("optional_path", By(r#"get = "/a{/id}""#, "(id: Option<u8>)")),
    ("optional_path_segments", By(r#"get = "/a{/*rest}""#, "(rest: Option<&str>)")),
    ("host_label", By(r#"get = "https://{tenant}.a.com/""#, "(tenant: &str)")),
    ("query_param", By(r#"get = "/?{page}""#, "(page: u8)")),
    ("query", By(r#"get = "/", query = x"#, "(x: &X)")),
    ("header", By(r#"get = "/", header("x" = x)"#, "(x: u8)")),
    ("headers", By(r#"get = "/", headers = x"#, "(x: &HeaderMap)")),
    ("bearer_auth", By(r#"get = "/", bearer = x"#, "(x: &str)")),
    ("basic_auth", By(r#"get = "/", basic(x, x)"#, "(x: &str)")),
    ("json", By(r#"post = "/", json = x"#, "(x: u8)")),
    ("optional", By(r#"post = "/", json(optional) = x"#, "(x: Option<u8>)")),
    ("form", By(r#"post = "/", form = x"#, "(x: &X)")),
    ("text", By(r#"post = "/", text = x"#, "(x: &str)")),
    ("body", By(r#"post = "/", body = x"#, "(x: Body)")),
    ("multipart", By(r#"post = "/", multipart = x"#, "(x: Form)")),
    ("success_statuses", By(r#"get = "/", expect(200 | 304)"#, "()")),
    ("timeout", By(r#"get = "/", timeout = 2s"#, "()")),
    ("attempt_timeout", By(r#"get = "/", timeout(attempt = 2s)"#, "()")),
    ("retry", By(r#"get = "/", retry = 3"#, "()")),
    ("idle_timeout", By(r#"get = "/", timeout(idle = 2s)"#, "()")),
    ("max_body", By(r#"get = "/", max_body = 1KiB"#, "()")),
    ("deadline", By(r#"get = "/", deadline = x"#, "(x: Deadline)")),
    ("max_redirects", By(r#"get = "/", max_redirects = 0"#, "()")),
    ("any_content_type", By(r#"get = "/", any_content_type"#, "()")),
    ("handled", ByHandlers(r#"get = "/", on_error = log"#)),
    ("handled_by", ByHandlers(r#"get = "/", finally = ended"#)),
    ("error_body", By(r#"get = "/", error_body = 1KiB"#, "()")),
    ("streaming", ByType),
    ("continued", ByType),
    ("reads", ByType),
    ("with_options", By(r#"get = "/""#, "(options: &CallOptions)")),
];

/// Keys without a method of `Request`: the session that sends it, and the handlers of the response.
const NOT_OF_THE_REQUEST: [&str; 6] =
    ["session", "on_error", "fallback", "cleanup", "finally", "crate"];

/// The macro does not depend on the runtime, so the methods are read from its source.
fn methods() -> Vec<&'static str> {
    let source = include_str!("../../../../runtime/src/request/mod.rs");
    let (_, rest) = source.split_once("\nimpl Request {").expect("the methods");
    let (body, _) = rest.split_once("\n}\n").expect("their end");
    let lines = body.lines().filter_map(|line| line.strip_prefix("    pub fn "));
    lines.map(|line| line.split(['(', '<']).next().unwrap_or_default()).collect()
}

#[test]
fn the_attribute_covers_every_request_method() {
    let sorted = |names: Vec<&'static str>| names.into_iter().collect::<BTreeSet<_>>();
    let rows = TABLE.iter().map(|(method, _)| *method).collect();
    assert_eq!(sorted(methods()), sorted(rows), "each method of `Request` has a row");
    for (method, said) in TABLE {
        let (keys, arguments) = match said {
            By(keys, arguments) => (*keys, *arguments),
            ByHandlers(keys) => (*keys, "()"),
            ByType => continue,
            As(other) => {
                assert!(TABLE.iter().any(|(method, _)| method == other), "{other}");
                continue;
            }
        };
        let source = format!("#[request({keys})] async fn f{arguments} -> Result<(), Error>;");
        assert_eq!(super::mistakes(&source), [], "{method}");
        let (args, item) = split(&source);
        let expanded = crate::request(args, item).to_string().replace(' ', "");
        let called = [format!(".{method}("), format!("Request::{method}(")];
        assert!(called.iter().any(|call| expanded.contains(call)), "{method}: {expanded}");
    }
}

#[test]
fn every_key_about_the_request_has_a_row() {
    let rows: Vec<&str> = TABLE
        .iter()
        .filter_map(|(_, said)| match said {
            By(keys, _) => Some(*keys),
            _ => None,
        })
        .collect();
    for key in METHODS.into_iter().chain(KEYS) {
        let is_key = |text: &str| {
            text.match_indices(key).any(|(at, _)| {
                let before = text[..at].trim_end();
                let after = text[at + key.len()..].trim_start();
                (before.is_empty() || before.ends_with(','))
                    && (after.is_empty() || after.starts_with(['=', '(', ',']))
            })
        };
        let is_other = NOT_OF_THE_REQUEST.contains(&key);
        assert_ne!(rows.iter().any(|row| is_key(row)), is_other, "{key}");
    }
}
