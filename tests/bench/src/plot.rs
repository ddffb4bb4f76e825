//! Draws what the attribute costs as shares of what the same costs by hand.

use std::fmt::Write as _;

use crate::results::Results;

/// What each bar stands for, and the two numbers that it is the ratio of.
const BARS: &[(&str, &str, &str)] = &[
    ("instructions, success", "instructions/success/attribute", "instructions/success/naive"),
    ("instructions, 404 with its body", "instructions/404/attribute", "instructions/404/naive"),
    ("instructions, one retry", "instructions/retry/attribute", "instructions/retry/naive"),
    ("heap allocations, success", "allocations/success/attribute", "allocations/success/naive"),
    ("size of the future", "future/attribute", "future/naive"),
    ("cargo check, simple function", "check/simple/attribute", "check/simple/hand"),
    ("cargo check, three arms and cleanup", "check/handled/attribute", "check/handled/hand"),
    ("cargo check after an edit", "touch/simple/attribute", "touch/simple/hand"),
    ("release build", "release/attribute", "release/hand"),
    ("size of the program", "size/attribute", "size/hand"),
];

/// The colours of the text, of the bars, and of the line at 1.
pub(crate) struct Theme(&'static str, &'static str, &'static str);

pub(crate) const LIGHT: Theme = Theme("#1f2328", "#54aeff", "#cf222e");
pub(crate) const DARK: Theme = Theme("#e6edf3", "#1f6feb", "#ff7b72");

const WIDTH: f64 = 720.0;
const ROW: f64 = 24.0;
/// Where the bars start.
const LEFT: f64 = 260.0;
/// How wide a ratio of 1 is.
const ONE: f64 = 320.0;

/// A picture in SVG; what was not measured is left out.
pub(crate) fn svg(results: &Results, Theme(text, bar, line): &Theme) -> String {
    let bars: Vec<(&str, f64)> = BARS
        .iter()
        .filter_map(|(label, name, against)| Some((*label, results.ratio(name, against)?)))
        .collect();
    let height = ROW * (bars.len() as f64 + 2.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"13\" \
         fill=\"{text}\">\n<title>What the attribute costs, as a share of the same by hand</title>\n"
    );
    for (row, (label, ratio)) in bars.iter().enumerate() {
        let top = ROW * (row as f64 + 1.0);
        let base = top + 16.0;
        let width = (ratio * ONE).min(WIDTH - LEFT - 45.0);
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{base:.0}\" text-anchor=\"end\">{label}</text>\n\
             <rect x=\"{LEFT:.0}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"16\" rx=\"2\" \
             fill=\"{bar}\"/>\n\
             <text x=\"{:.1}\" y=\"{base:.0}\">{ratio:.2}</text>",
            LEFT - 10.0,
            top + 3.0,
            LEFT + width + 6.0,
        );
    }
    let (x, bottom) = (LEFT + ONE, height - ROW);
    let _ = writeln!(
        svg,
        "<line x1=\"{x}\" y1=\"{ROW}\" x2=\"{x}\" y2=\"{bottom}\" stroke=\"{line}\" \
         stroke-dasharray=\"4 3\"/>\n\
         <text x=\"{x}\" y=\"{:.0}\" text-anchor=\"middle\">1 = by hand on reqwest</text>\n</svg>",
        bottom + 17.0,
    );
    svg
}
