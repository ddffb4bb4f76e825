//! The pictures of the tree of errors are up to date.
//!
//! `BLESS=1 cargo test -p backstop-tests --test all picture` regenerates them.

use std::{fs, path::Path};

use backstop::ErrorKind;
use backstop_tests::picture::{Theme, svg};

#[test]
fn the_pictures_match_the_tree_of_errors() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (theme, path) in [
        (Theme::Light, "docs/errors-light.svg"),
        (Theme::Dark, "docs/errors-dark.svg"),
        (Theme::Rustdoc, "runtime/docs/guide/errors.svg"),
    ] {
        let (path, drawn) = (root.join(path), svg(theme));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, &drawn).expect("a picture that can be written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == drawn, "{} is out of date: run with BLESS=1", path.display());
    }
}

#[test]
fn every_leaf_is_in_the_picture() {
    let drawn = svg(Theme::Light);
    for kind in ErrorKind::all().filter(|kind| *kind != ErrorKind::Status(404)) {
        let debug = format!("{kind:?}");
        let leaf = debug.split_once('(').map_or(&*debug, |(_, leaf)| leaf.trim_end_matches(')'));
        assert!(drawn.contains(&format!(">{leaf}</text>")), "{kind:?} is not in the picture");
    }
}

/// Markdown ends a block of HTML at an empty line.
#[test]
fn no_picture_has_an_empty_line() {
    assert!(svg(Theme::Rustdoc).lines().all(|line| !line.trim().is_empty()));
}
