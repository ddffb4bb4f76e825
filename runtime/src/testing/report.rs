//! The messages of a script that failed.

use super::{
    pattern::{Difference, weight},
    recorded::Recorded,
    route::{Entry, Turn, expected, often},
};

/// A request that no route matches: the nearest route, and what differs.
pub(super) fn unmatched(
    request: &Recorded,
    routes: &[Entry],
    differences: &[Vec<Difference>],
) -> String {
    let mut text = format!("no route of the script matches {request}\n{}", asked(request));
    let nearest = differences.iter().zip(routes).min_by_key(|(found, _)| weight(found));
    let Some((found, route)) = nearest else {
        return text + "\n  the script has no route";
    };
    text += &format!("\n  nearest route: {}", placed(route));
    for difference in found {
        text += &format!("\n    differs in {}", difference.text);
    }
    if routes.len() > 1 {
        let all: Vec<String> = routes.iter().map(Entry::to_string).collect();
        text += &format!("\n  all routes: {}", all.join(", "));
    }
    text
}

/// A request that matches only routes that may not be called now.
pub(super) fn out_of_turn(request: &Recorded, route: &Entry, turn: Turn) -> String {
    let why = match turn {
        Turn::Over { most: 0 } => "it must not be called".to_owned(),
        Turn::Over { most } => {
            format!("it has no calls left: it was called {}", often(most))
        }
        Turn::After(other) => format!("{other} must be called first"),
        Turn::Before(other) => format!("{other}, which must follow it, was called already"),
        Turn::Now => String::new(),
    };
    let route = placed(route);
    format!(
        "no route of the script takes {request} now\n{}\n  route: {route}\n    {why}",
        asked(request)
    )
}

/// A route that was called too few times.
pub(super) fn too_few(route: &Entry, least: usize, most: Option<usize>) -> String {
    format!(
        "{} was called {}, expected {}",
        placed(route),
        often(route.calls()),
        expected(least, most)
    )
}

/// Details of a request beside its method and URL.
fn asked(request: &Recorded) -> String {
    let mut lines = Vec::new();
    if let Some(template) = request.template() {
        lines.push(format!("  template: {template}"));
    }
    if request.hop() > 0 {
        lines.push(format!("  it is hop {} of a redirect", request.hop()));
    }
    if !request.body().is_empty() {
        const MOST_SHOWN: usize = 500;
        let text = request.text();
        let shown: String = text.chars().take(MOST_SHOWN).collect();
        let more = if shown.len() < text.len() { " …" } else { "" };
        lines.push(format!("  body: {shown}{more}"));
    }
    lines.join("\n")
}

fn placed(route: &Entry) -> String {
    format!("{route} ({}:{})", route.location.file(), route.location.line())
}
