//! The tree of errors as a picture: a row for each class, in the order in which a request can fail.
//!
//! The picture is drawn from `ErrorKind::all()`, so it includes every new leaf. `tests/all/picture.rs`
//! compares it with the files that the README and the guide show.

use std::fmt::Write as _;

use backstop::{Error, ErrorKind, Sent};

const WIDTH: usize = 720;
const ROW: usize = 40;
const PILL: usize = 26;
/// Where the trunk, the classes and the leaves begin.
const TRUNK: usize = 14;
const CLASSES: usize = 40;
const LEAVES: usize = 186;
/// The width of a character of a monospaced font of 13 px.
const CHARACTER: usize = 8;

/// The background of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// A page with a white background.
    Light,
    /// A page with a dark background.
    Dark,
    /// A page of rustdoc, two folders below the crate, with its colours. The leaves are links.
    Rustdoc,
}

impl Theme {
    fn text(self) -> &'static str {
        match self {
            Self::Light => "#1f2328",
            Self::Dark => "#e6edf3",
            Self::Rustdoc => "var(--main-color)",
        }
    }

    fn line(self) -> &'static str {
        match self {
            Self::Light => "#afb8c1",
            Self::Dark => "#57606a",
            Self::Rustdoc => "var(--right-side-color)",
        }
    }
}

/// The picture as SVG, without empty lines, so that Markdown can contain it.
pub fn svg(theme: Theme) -> String {
    let all: Vec<ErrorKind> = ErrorKind::all().collect();
    let classes: Vec<_> = all.chunk_by(|one, other| class(*one) == class(*other)).collect();
    let height = (classes.len() + 2) * ROW;
    let (begin, style, end) = match theme {
        // On a narrow screen the picture scrolls, and is not scaled down.
        Theme::Rustdoc => {
            ("<div style=\"overflow-x:auto\">\n", " style=\"max-width:none\"", "</svg>\n</div>\n")
        }
        Theme::Light | Theme::Dark => ("", "", "</svg>\n"),
    };
    let mut svg = format!(
        "{begin}<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-label=\"The tree of ErrorKind\"{style} \
         font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\">\n"
    );
    draw_trunk(&mut svg, theme, classes.len());
    for (row, kinds) in classes.iter().enumerate() {
        draw_class(&mut svg, theme, row + 1, kinds);
    }
    draw_legend(&mut svg, theme, classes.len() + 1);
    svg.push_str(end);
    svg
}

fn draw_trunk(svg: &mut String, theme: Theme, classes: usize) {
    let mut lines = format!("M{TRUNK} {}V{}", ROW / 2 + 8, middle(classes));
    for row in 1..=classes {
        let _ = write!(lines, "M{TRUNK} {y}H{CLASSES}", y = middle(row));
    }
    let _ = writeln!(
        svg,
        "<path d=\"{lines}\" fill=\"none\" stroke=\"{}\"></path>\n\
         <text x=\"4\" y=\"{}\" font-weight=\"bold\" fill=\"{}\">ErrorKind</text>",
        theme.line(),
        ROW / 2 + 2,
        theme.text(),
    );
}

fn draw_class(svg: &mut String, theme: Theme, row: usize, kinds: &[ErrorKind]) {
    let name = class(kinds[0]);
    let leaves: Vec<Pill> = kinds.iter().filter_map(|kind| Pill::of_leaf(*kind)).collect();
    let sent = if leaves.is_empty() { Some(Error::new(kinds[0]).sent()) } else { None };
    let link = format!("enum.ErrorKind.html#variant.{name}");
    let end = Pill { text: name.clone(), link, sent }.draw(svg, theme, CLASSES, row);
    if !leaves.is_empty() {
        let _ = writeln!(
            svg,
            "<path d=\"M{end} {y}H{LEAVES}\" stroke=\"{}\"></path>",
            theme.line(),
            y = middle(row)
        );
    }
    let mut left = LEAVES;
    for leaf in leaves {
        left = leaf.draw(svg, theme, left, row) + 8;
    }
}

fn draw_legend(svg: &mut String, theme: Theme, row: usize) {
    let words = [
        (Sent::No, "nothing was sent"),
        (Sent::Maybe, "it may have been processed"),
        (Sent::Yes, "a response arrived"),
    ];
    let mut left = CLASSES;
    for (sent, text) in words {
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{}\" width=\"14\" height=\"14\" rx=\"7\" fill=\"none\" \
             stroke=\"{}\" stroke-width=\"1.5\"></rect>\n<text x=\"{}\" y=\"{}\" fill=\"{}\">{text}</text>",
            middle(row) - 7,
            colour(sent),
            left + 22,
            middle(row) + 4,
            theme.text(),
        );
        left += 22 + text.len() * CHARACTER + 24;
    }
}

/// A name in a frame with round ends.
struct Pill {
    text: String,
    /// From the folder of the crate's documentation.
    link: String,
    /// What was sent when this failure occurs; none for a class with leaves.
    sent: Option<Sent>,
}

impl Pill {
    fn of_leaf(kind: ErrorKind) -> Option<Self> {
        let sent = Some(Error::new(kind).sent());
        if let ErrorKind::Status(_) = kind {
            let link = "enum.ErrorKind.html#variant.Status".to_owned();
            return Some(Self { text: "u16: 404, 503, …".to_owned(), link, sent });
        }
        let debug = format!("{kind:?}");
        let (class, leaf) = debug.strip_suffix(')')?.split_once('(')?;
        let link = format!("enum.{class}Error.html#variant.{leaf}");
        Some(Self { text: leaf.to_owned(), link, sent })
    }

    /// Draws it from `left` on, and returns where it ends.
    fn draw(&self, svg: &mut String, theme: Theme, left: usize, row: usize) -> usize {
        let width = self.text.chars().count() * CHARACTER + 18;
        let is_link = theme == Theme::Rustdoc;
        if is_link {
            let _ = writeln!(svg, "<a href=\"../../{}\">", self.link);
        }
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{PILL}\" rx=\"{}\" fill=\"none\" \
             stroke=\"{}\" stroke-width=\"1.5\"></rect>\n<text x=\"{}\" y=\"{}\" \
             text-anchor=\"middle\" fill=\"{}\"{}>{}</text>",
            middle(row) - PILL / 2,
            PILL / 2,
            self.sent.map_or(theme.line(), colour),
            left + width / 2,
            middle(row) + 4,
            theme.text(),
            if left == CLASSES { " font-weight=\"bold\"" } else { "" },
            self.text,
        );
        if is_link {
            svg.push_str("</a>\n");
        }
        left + width
    }
}

fn middle(row: usize) -> usize {
    row * ROW + ROW / 2
}

/// Legible on white and on black.
fn colour(sent: Sent) -> &'static str {
    match sent {
        Sent::No => "#2da44e",
        Sent::Maybe => "#d4890b",
        Sent::Yes => "#4184e4",
    }
}

/// The name of the class that a kind is of.
fn class(kind: ErrorKind) -> String {
    let debug = format!("{kind:?}");
    debug.split('(').next().unwrap_or_default().to_owned()
}
