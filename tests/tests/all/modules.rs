//! The dependencies between the modules of each crate: a table, compared with the source.
//!
//! A row may only name modules of rows above it, so the table has no cycle.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree, token_stream::IntoIter};

/// A module, and the modules that it uses. `a::b` is a module in `a`; without a row of its own it
/// belongs to the row of `a`.
type Row = (&'static str, &'static [&'static str]);

const MACROS: &[Row] = &[
    ("boxed", &[]),
    ("errors", &[]),
    ("scan", &[]),
    ("suggest", &[]),
    ("template", &[]),
    ("habits", &["suggest"]),
    ("item", &["boxed", "habits", "scan", "suggest"]),
    ("pattern", &["habits"]),
    ("units", &["habits"]),
    ("walk", &["scan"]),
    ("action", &["habits", "scan", "suggest"]),
    ("args", &["action", "errors", "habits", "pattern", "scan", "suggest", "units"]),
    ("model", &["action", "args", "pattern"]),
    (
        "check",
        &[
            "action", "args", "errors", "habits", "item", "model", "pattern", "scan", "suggest",
            "template", "walk",
        ],
    ),
    ("expand", &["action", "args", "item", "model", "pattern", "walk"]),
    ("fallback", &["args", "errors", "item", "scan"]),
    ("group", &["args", "check", "errors", "fallback", "item", "pattern", "scan"]),
];

const RUNTIME: &[Row] = &[
    ("deadline", &[]),
    // Pages of the documentation.
    ("guide", &[]),
    ("host", &[]),
    ("redact", &[]),
    ("error", &["deadline", "redact"]),
    ("decode", &["error"]),
    ("handlers", &["error"]),
    ("retry", &["error"]),
    ("send_body", &["error"]),
    ("timers", &["deadline", "error"]),
    ("tls", &["error"]),
    ("handover", &["error", "send_body"]),
    ("direct", &["error", "handover", "send_body", "tls"]),
    ("classify", &["direct", "error", "redact", "send_body"]),
    (
        "transport",
        &["classify", "direct", "error", "handover", "host", "retry", "send_body", "timers"],
    ),
    ("response::coding", &["error"]),
    ("response::payload", &["error", "response::coding", "timers", "transport"]),
    (
        "response",
        &[
            "deadline",
            "decode",
            "error",
            "redact",
            "response::coding",
            "response::payload",
            "timers",
        ],
    ),
    ("observe", &["error", "redact"]),
    (
        "request",
        &[
            "deadline",
            "error",
            "host",
            "observe",
            "redact",
            "response",
            "retry",
            "send_body",
            "tls",
        ],
    ),
    ("expansion", &["deadline", "error", "handlers", "observe", "request", "response"]),
    ("credentials", &["deadline", "error", "request"]),
    ("prepare", &["error", "redact", "request", "send_body", "transport"]),
    ("hooks", &["credentials", "observe", "prepare"]),
    ("plan", &["deadline", "error", "hooks", "observe", "request", "retry", "timers"]),
    ("exchange::cookies", &[]),
    ("exchange::hop", &["error", "plan", "request"]),
    ("exchange::resends", &["classify", "error", "retry"]),
    (
        "exchange::attempt",
        &[
            "classify",
            "credentials",
            "error",
            "exchange::cookies",
            "exchange::hop",
            "exchange::resends",
            "handover",
            "observe",
            "plan",
            "prepare",
            "request",
            "response",
            "send_body",
            "timers",
            "transport",
        ],
    ),
    (
        "exchange",
        &[
            "deadline",
            "error",
            "exchange::attempt",
            "exchange::hop",
            "observe",
            "plan",
            "response",
            "retry",
            "timers",
            "transport",
        ],
    ),
    ("continuation", &["error", "exchange", "plan", "redact", "request", "response", "transport"]),
    (
        "stream",
        &[
            "continuation",
            "deadline",
            "decode",
            "error",
            "exchange",
            "response",
            "retry",
            "transport",
        ],
    ),
    (
        "session",
        &[
            "continuation",
            "credentials",
            "direct",
            "error",
            "exchange",
            "hooks",
            "observe",
            "plan",
            "prepare",
            "redact",
            "request",
            "response",
            "retry",
            "tls",
            "transport",
        ],
    ),
    (
        "testing",
        &[
            "classify",
            "deadline",
            "direct",
            "error",
            "redact",
            "request",
            "response",
            "retry",
            "send_body",
            "session",
            "timers",
            "transport",
        ],
    ),
];

#[test]
fn the_runtime_has_no_module_cycle() {
    compare("runtime/src", RUNTIME);
}

#[test]
fn the_macro_has_no_module_cycle() {
    compare("macros/core/src", MACROS);
}

/// Fails if the modules that the crate in `folder` uses differ from `table`.
fn compare(folder: &str, table: &[Row]) {
    for (at, (module, uses)) in table.iter().enumerate() {
        for used in *uses {
            let above = table[..at].iter().any(|(name, _)| name == used);
            assert!(above, "{module} uses {used}, which has no row above it");
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let expected: BTreeMap<String, BTreeSet<String>> = table
        .iter()
        .map(|(name, uses)| ((*name).to_owned(), uses.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(uses(&folder, table), expected);
}

/// The modules that each row of `table` uses in the source, except the crate's root.
fn uses(folder: &Path, table: &[Row]) -> BTreeMap<String, BTreeSet<String>> {
    let mut files = Vec::new();
    sources(folder, &mut files);
    let exported = exported(&folder.join("lib.rs"));
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let module = module(file.strip_prefix(folder).expect("a file in the folder"));
        if module.is_empty() {
            continue;
        }
        let name = row(&module, table).unwrap_or_else(|| panic!("{module:?} has no row"));
        let used = found.entry(name.to_owned()).or_default();
        for path in paths(&text(&file), &module) {
            let path = path.first().and_then(|first| exported.get(first)).unwrap_or(&path);
            used.extend(row(path, table).filter(|other| *other != name).map(ToOwned::to_owned));
        }
    }
    found
}

/// All files of the crate except those of tests.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        match path.file_stem().is_some_and(|stem| stem == "tests") {
            true => {}
            false if path.is_dir() => sources(&path, found),
            false => found.push(path),
        }
    }
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// `a::b` for `a/b.rs`, `a` for `a/mod.rs`, and an empty path for `lib.rs`.
fn module(file: &Path) -> Vec<String> {
    let segments = file.with_extension("");
    let segments = segments.iter().map(|segment| segment.to_string_lossy().into_owned());
    segments.filter(|segment| segment != "mod" && segment != "lib").collect()
}

/// The most specific row that a path belongs to.
fn row(path: &[String], table: &[Row]) -> Option<&'static str> {
    let holds = |name: &str| {
        let mut segments = path.iter();
        name.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
    };
    let rows = table.iter().map(|(name, _)| *name).filter(|name| holds(name));
    rows.max_by_key(|name| name.len())
}

/// The items that the root re-exports, by their names in the root.
fn exported(root: &Path) -> BTreeMap<String, Vec<String>> {
    let paths = paths(&text(root), &[]).into_iter().filter(|path| path.len() > 1);
    paths.filter_map(|path| Some((path.last()?.clone(), path))).collect()
}

/// The paths in `source` that begin with `crate`, `self` or `super`, from the crate's root. Paths in
/// code for tests are omitted.
fn paths(source: &str, module: &[String]) -> Vec<Vec<String>> {
    let tokens: TokenStream = source.parse().expect("the source is made of tokens");
    let mut found = Vec::new();
    collect(tokens, module, &mut found);
    found
}

fn collect(tokens: TokenStream, module: &[String], found: &mut Vec<Vec<String>>) {
    let mut trees = tokens.into_iter();
    let mut before = String::new();
    let mut named = String::new();
    while let Some(tree) = trees.next() {
        match &tree {
            TokenTree::Ident(word) if word == "crate" && before != "$" && before != "(" => {
                follow(&mut trees, Vec::new(), found);
            }
            TokenTree::Ident(word) if word == "self" => {
                follow(&mut trees, module.to_vec(), found);
            }
            TokenTree::Ident(word) if word == "super" => {
                let parent = module.split_last().map(|(_, parent)| parent.to_vec());
                follow(&mut trees, parent.unwrap_or_default(), found);
            }
            TokenTree::Ident(word) => {
                if before == "mod" {
                    named = word.to_string();
                }
            }
            TokenTree::Group(group) if before == "#" => {
                if group.stream().to_string() == "cfg (test)" {
                    skip_item(&mut trees);
                }
            }
            // A visibility: `pub(super)`.
            TokenTree::Group(_) if before == "pub" => {}
            TokenTree::Group(group) => {
                let inside = match std::mem::take(&mut named) {
                    name if name.is_empty() => module.to_vec(),
                    name => module.iter().cloned().chain([name]).collect(),
                };
                collect(group.stream(), &inside, found);
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => named.clear(),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        before = tree.to_string();
    }
}

/// The part after the first word of a path: `::a::b`, or `::{a, b::c}`.
fn follow(trees: &mut IntoIter, mut path: Vec<String>, found: &mut Vec<Vec<String>>) {
    loop {
        let mut ahead = trees.clone();
        let colons = [ahead.next(), ahead.next()];
        let is_colon = |tree: &Option<TokenTree>| matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
        if !colons.iter().all(is_colon) {
            break;
        }
        match ahead.next() {
            Some(TokenTree::Ident(word)) if word == "super" => {
                path.pop();
            }
            Some(TokenTree::Ident(word)) => path.push(word.to_string()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                *trees = ahead;
                return branches(group.stream(), &path, found);
            }
            _ => break,
        }
        *trees = ahead;
    }
    if !path.is_empty() {
        found.push(path);
    }
}

/// `a, b::c as d`, each the end of a path.
fn branches(tokens: TokenStream, path: &[String], found: &mut Vec<Vec<String>>) {
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        let TokenTree::Ident(word) = tree else { continue };
        let mut branch = path.to_vec();
        match word.to_string().as_str() {
            "as" => {
                trees.next();
                continue;
            }
            "self" => {}
            "super" => _ = branch.pop(),
            word => branch.push(word.to_owned()),
        }
        follow(&mut trees, branch, found);
    }
}

/// An item ends after its braces, or with `;`.
fn skip_item(trees: &mut IntoIter) {
    for tree in trees {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            _ => {}
        }
    }
}

#[test]
fn paths_are_read_from_every_form_of_use() {
    let source = r#"
        use std::{fs, path::Path};
        pub(crate) use crate::kind::Kind;
        pub(super) fn seen_by_the_parent() {}
        use crate::{body::{self, Body}, error::Error as Failed, text};
        use super::{parts::Parts, super::top::Top};
        use self::inner::Inner;
        fn f(&self) -> Result<(), crate::redact::Shown> { super::g(self.other); $crate::hidden::h() }
        mod below { use super::sibling::A; }
        #[cfg(test)]
        mod tests { use crate::only::in_tests; }
        #[cfg(test)]
        use crate::also::in_tests;
        // use crate::comment::A;
    "#;
    let module = ["request".to_owned(), "chain".to_owned()];
    let found: Vec<String> = paths(source, &module).iter().map(|path| path.join("::")).collect();
    assert_eq!(
        found,
        [
            "kind::Kind",
            "body",
            "body::Body",
            "error::Error",
            "text",
            "request::parts::Parts",
            "top::Top",
            "request::chain::inner::Inner",
            "request::chain",
            "redact::Shown",
            "request::g",
            "request::chain",
            "request::chain::sibling::A",
        ]
    );
}
