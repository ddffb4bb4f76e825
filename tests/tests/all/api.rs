//! Rules for the public interface: which enums may get new variants.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The public enums that programs may match without a wildcard: they never get new variants.
const EXHAUSTIVE: [&str; 1] = ["Sent"];

#[test]
fn public_enums_are_non_exhaustive_except_those_that_never_grow() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src");
    let mut seen = Vec::new();
    for file in sources(&folder) {
        let text = fs::read_to_string(&file).expect("a source file");
        let mut attributes = String::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("pub enum ") {
                let name = name.split(['<', ' ']).next().unwrap_or_default().to_owned();
                let grows = attributes.contains("#[non_exhaustive]");
                assert_ne!(grows, EXHAUSTIVE.contains(&&*name), "{name} in {}", file.display());
                seen.push(name);
            }
            match line.starts_with('#') || line.starts_with("//") {
                true => attributes.push_str(line),
                false => attributes.clear(),
            }
        }
    }
    assert!(seen.iter().any(|name| name == "ErrorKind"), "{seen:?}");
    assert!(EXHAUSTIVE.iter().all(|name| seen.iter().any(|found| found == name)), "{seen:?}");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(sources(&path)),
            path => found.push(path),
        }
    }
    found
}
