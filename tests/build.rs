//! Ejects functions from the attribute: writes, for each file that has some, a twin in which the
//! expansion stands in place of the attribute and the function under it.
//!
//! `tests/ejected` compiles the twins without the macro, and runs the same tests on them.

use std::{env, fmt::Write as _, fs, ops::Range, path::Path};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What says so itself, and why, and functions that a `macro_rules!` writes.
const NOT_EJECTED: [&str; 2] = ["mod hygiene;", "mod no_content;"];

/// The subjects of the correct programs, each a file in `passes`.
const PASSING: [&str; 6] = ["arguments", "groups", "handlers", "keys", "names", "temporaries"];

fn main() {
    for watched in ["passes", "tests/all/attribute", "../examples", "../macros/core/tests/expand"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    let out = env::var("OUT_DIR").expect("cargo says where to write");
    let out = Path::new(&out);
    let attribute = module(Path::new("tests/all/attribute"), "mod.rs");
    write(out, "attribute.rs", &eject(&attribute));

    let mut passing = String::new();
    for subject in PASSING {
        let source = module(Path::new("passes"), &format!("{subject}.rs"));
        let _ = writeln!(passing, "pub mod {subject} {{\n{}}}", eject(&source));
    }
    write(out, "passing.rs", &passing);

    for example in ["client", "quickstart"] {
        let source = module(Path::new("../examples"), &format!("{example}.rs"));
        write(out, &format!("{example}_annotated.rs"), &source);
        write(out, &format!("{example}_ejected.rs"), &eject(&source));
        // It shows its own source.
        write(out, &format!("{example}.rs"), &source);
    }
    for file in fs::read_dir("../macros/core/tests/expand").expect("there are snapshots").flatten()
    {
        let name = file.path().file_stem().expect("a name").to_string_lossy().into_owned();
        let text = read(&file.path());
        let (source, expansion) = text.split_once("\n\n").expect("a source and an expansion");
        let source = source.lines().map(|line| line.trim_start_matches("//")).collect::<Vec<_>>();
        write(out, &format!("{name}_annotated.rs"), &offline(&source.join("\n")));
        write(out, &format!("{name}_ejected.rs"), &offline(expansion));
    }
}

/// A snapshot as it can be called: where nothing listens, and as a method if it is one.
fn offline(function: &str) -> String {
    let refused = "\"http://127.0.0.1:1/";
    let function = function.replace("\"https://api.example.com/", refused).replace("\"/", refused);
    match function.contains("&self") {
        true => format!("impl Api<Twin> {{ {function} }}"),
        false => function,
    }
}

fn write(folder: &Path, file: &str, text: &str) {
    fs::write(folder.join(file), text).expect("a file can be written");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file, with the files that it says are its modules in it.
fn module(folder: &Path, file: &str) -> String {
    let text = read(&folder.join(file));
    // An included file begins with no docs of its own.
    let (docs, text) = text.split_at(text.find("\n\n").unwrap_or_default());
    let mut whole = docs.replace("//!", "//");
    for line in text.lines().filter(|line| !NOT_EJECTED.contains(line)) {
        match line.strip_prefix("mod ").and_then(|line| line.strip_suffix(';')) {
            Some(name) => {
                let inside = module(folder, &format!("{name}.rs"));
                let _ = writeln!(whole, "mod {name} {{\n{inside}}}");
            }
            None => {
                let _ = writeln!(whole, "{line}");
            }
        }
    }
    whole
}

/// `text`, with each annotated function replaced by what it expands to.
fn eject(text: &str) -> String {
    let tokens: TokenStream = text.parse().expect("the source is made of tokens");
    let mut found = Vec::new();
    annotated(tokens, &mut found);
    let mut ejected = String::new();
    let mut last = 0;
    for (range, expansion) in found {
        ejected.push_str(&text[last..range.start]);
        ejected.push_str(&expansion);
        last = range.end;
    }
    ejected.push_str(&text[last..]);
    // No lint fires on an expansion; pasted, it is code like any other.
    without_import(&ejected).replace(", clippy::all, clippy::pedantic)]", ")]")
}

/// Without the macro, its import names nothing.
fn without_import(text: &str) -> String {
    let text = text.replace("use backstop::request;", "").replace("use backstop::requests;", "");
    let mut parts = text.split("use backstop::{");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (names, rest) = part.split_once("};").expect("the end of an import");
        let names = names.split(',').filter(|name| !["request", "requests"].contains(&name.trim()));
        let _ = write!(whole, "use backstop::{{{}}};{rest}", names.collect::<Vec<_>>().join(","));
    }
    whole
}

/// The annotated functions in `tokens`: where each stands, and its expansion.
fn annotated(tokens: TokenStream, found: &mut Vec<(Range<usize>, String)>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        let args = match trees.get(at + 1) {
            Some(TokenTree::Group(group)) if tree.to_string() == "#" => arguments(group),
            _ => None,
        };
        match (args, tree) {
            (Some(args), _) => {
                let rest = trees[at + 2..].iter();
                let length = rest.take_while(|tree| !ends_function(tree)).count() + 1;
                let function = &trees[at + 2..at + 2 + length];
                let start = tree.span().byte_range().start;
                let end = function.last().expect("an end").span().byte_range().end;
                let function = function.iter().cloned().collect();
                let expansion = match args {
                    Found::Request(args) => backstop_macros_core::request(args, function),
                    Found::Group(args) => backstop_macros_core::requests(args, function),
                };
                let file = syn2::parse2(expansion).expect("an expansion is Rust");
                found.push((start..end, prettyplease::unparse(&file)));
                at += 2 + length;
                continue;
            }
            // Of what it defines, nothing is known before it is called.
            (None, TokenTree::Ident(word)) if word == "macro_rules" => at += 3,
            (None, TokenTree::Group(group)) => annotated(group.stream(), found),
            _ => {}
        }
        at += 1;
    }
}

/// An attribute, with what is in its parentheses.
enum Found {
    Request(TokenStream),
    Group(TokenStream),
}

/// `[request(…)]` or `[requests(…)]`, whatever path it is named by.
fn arguments(attribute: &Group) -> Option<Found> {
    let mut before = None;
    for tree in attribute.stream() {
        if let TokenTree::Group(group) = &tree
            && group.delimiter() == Delimiter::Parenthesis
            && let Some(TokenTree::Ident(word)) = &before
        {
            match word.to_string().as_str() {
                "request" => return Some(Found::Request(group.stream())),
                "requests" => return Some(Found::Group(group.stream())),
                _ => {}
            }
        }
        before = Some(tree);
    }
    None
}

fn ends_function(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}
