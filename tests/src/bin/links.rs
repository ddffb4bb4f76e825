//! Checks the links of documentation that rustdoc built: `cargo run -p backstop-tests --bin links -- target/doc`.
//!
//! The target of a link within the site must be a file, and its fragment an `id` in that file. A name in
//! brackets in the text is a link that rustdoc did not resolve. Only the pages of the workspace's published
//! crates are checked, without the text of other crates: re-exported items, blanket implementations, and
//! methods of foreign traits, whose links are paths.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Component, Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/doc".into()));
    match check(&folder) {
        Ok(Checked { links, faults }) if faults.is_empty() && links > 0 => {
            println!("{links} links, none dead");
            ExitCode::SUCCESS
        }
        Ok(Checked { links, faults }) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            eprintln!("{} faults among {links} links", faults.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{}: {error}; build it with `cargo doc`", folder.display());
            ExitCode::FAILURE
        }
    }
}

#[derive(Default)]
struct Checked {
    links: usize,
    faults: BTreeSet<String>,
}

fn check(folder: &Path) -> io::Result<Checked> {
    let mut files = Vec::new();
    for name in ["backstop", "backstop_macros", "backstop_macros_core"] {
        pages(&folder.join(name), &mut files)?;
    }
    let mut ids = BTreeMap::new();
    let mut checked = Checked::default();
    for file in &files {
        let page = fs::read_to_string(file)?;
        // This is the text of other crates, with their links.
        let page = page.split("id=\"blanket-implementations-list\"").next().unwrap_or_default();
        if is_of_another_crate(file, page) {
            continue;
        }
        let shown = file.strip_prefix(folder).unwrap_or(file).display();
        for text in unresolved(page) {
            checked.faults.insert(format!("{shown}: [{text}] is not resolved"));
        }
        for link in links(page) {
            checked.links += 1;
            if !leads_somewhere(file, link, &mut ids) {
                checked.faults.insert(format!("{shown}: {link} is dead"));
            }
        }
    }
    Ok(checked)
}

/// The pages in `folder`, except listings of source, which have lines in place of `id`s.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => pages(&path, found)?,
            false if path.extension().is_some_and(|ending| ending == "html") => found.push(path),
            false => {}
        }
    }
    Ok(())
}

/// Whether the page is that of a re-exported item, whose source is not listed here.
fn is_of_another_crate(file: &Path, page: &str) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let head = page.split("<h2 id=").next().unwrap_or_default();
    let is_item = ["struct.", "enum.", "trait.", "constant.", "type."];
    is_item.iter().any(|kind| name.starts_with(kind)) && !head.contains("/src/backstop")
}

/// The links of a page within the site.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let hrefs = page.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    hrefs.filter(|link| {
        !link.is_empty()
            && !link.contains("::")
            && !link.contains("://")
            && !link.starts_with("data:")
            && *link != "#"
    })
}

/// Names in brackets in the text: `[<code>Name</code>]`.
fn unresolved(page: &str) -> impl Iterator<Item = &str> {
    let names = page.split("[<code>").skip(1).filter_map(|rest| rest.split_once("</code>]"));
    names.map(|(name, _)| name).filter(|name| !name.contains('<'))
}

fn leads_somewhere(
    from: &Path,
    link: &str,
    ids: &mut BTreeMap<PathBuf, Option<BTreeSet<String>>>,
) -> bool {
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let mut file = match path {
        "" => from.to_owned(),
        path => normal(&from.with_file_name("").join(path)),
    };
    if file.is_dir() {
        file = file.join("index.html");
    }
    let found = ids.entry(file).or_insert_with_key(|file| {
        fs::read(file).ok().map(|page| ids_of(&String::from_utf8_lossy(&page)))
    });
    match found {
        None => false,
        // `#123` and `#12-34` are lines of a listing.
        Some(ids) => {
            fragment.split('-').all(|part| part.chars().all(|c| c.is_ascii_digit()))
                || ids.contains(fragment)
        }
    }
}

fn ids_of(page: &str) -> BTreeSet<String> {
    let ids = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next());
    ids.map(ToOwned::to_owned).collect()
}

/// Without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = normal.pop(),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_and_unresolved_names_are_found() {
        let folder = std::env::temp_dir().join(format!("links-{}", std::process::id()));
        for name in ["backstop/sub", "backstop_macros", "backstop_macros_core"] {
            fs::create_dir_all(folder.join(name)).expect("a folder");
        }
        let index = r##"<a id="here" href="#here"></a> <a href="sub/page.html#there"></a>
            <a href="sub/page.html#away"></a> <a href="gone.html"></a> <a href="sub/index.html"></a>
            <a href="https://example.com/"></a> <p>[<code>Lost</code>] and a[<code>0</code> + 1]</p>"##;
        fs::write(folder.join("backstop/index.html"), index).expect("a page");
        let page =
            r#"<p id="there"></p> <a href="../index.html">up</a> <a href="../../backstop/">"#;
        fs::write(folder.join("backstop/sub/page.html"), page).expect("a page");
        let checked = check(&folder).expect("the pages");
        fs::remove_dir_all(&folder).expect("the folder");
        let faults: Vec<&str> = checked.faults.iter().map(String::as_str).collect();
        assert_eq!(
            faults,
            [
                "backstop/index.html: [Lost] is not resolved",
                "backstop/index.html: gone.html is dead",
                "backstop/index.html: sub/index.html is dead",
                "backstop/index.html: sub/page.html#away is dead",
            ]
        );
        assert_eq!(checked.links, 7);
    }
}
